#include "postconf/argument_rules.h"

#include <algorithm>

#include "lib/base/text.h"
#include "postconf/invalid.h"
#include "postconf/options.h"

namespace postern::postconf {

namespace {

// Of each group at most one may be given.
constexpr std::string_view kJsonOrEdit = "eX#j";
constexpr std::string_view kExclusive[] = {kModes, "eX#",  "dneX#", "eX#f", "eX#x", kJsonOrEdit, "eX#o",
                                           "eX#h", "eX#H", "hH",    "do",   "fj",   "hj",        "Hj"};

// What else a mode does not go with.
struct Refusal {
  char mode;
  std::string_view letters;
};
constexpr std::string_view kOnlyLists = "CdefhHjnoxX#";
constexpr Refusal kRefusals[] = {{'M', "dhHn"},     {'F', "dn"},       {'P', "dn"},       {'O', "dn"},
                                 {'R', "Cdnox"},    {'a', kOnlyLists}, {'A', kOnlyLists}, {'b', kOnlyLists},
                                 {'l', kOnlyLists}, {'m', kOnlyLists}, {'t', kOnlyLists}, {'T', kOnlyLists}};

std::string_view option_of(Verb verb) {
  return verb == Verb::clone ? "--clone" : verb == Verb::rename ? "--rename" : "--uncomment";
}

Result<void> check_words(const Part& part) {
  if (part.verb == Verb::clone || part.verb == Verb::rename) {
    const bool pairs = !part.words.empty() && part.words.size() % 2 == 0;
    return pairs ? Result<void>()
                 : invalid(concat(option_of(*part.verb),
                                  " requires two services: service_name/type service_name/type"));
  }
  if (!part.words.empty()) return {};
  if (part.has('e')) return invalid("-e requires name=value argument");
  if (part.has_any("X#") || part.verb) return invalid("missing service argument");
  return {};
}

}  // namespace

std::string Part::given_of(std::string_view some) const {
  std::string text;
  for (const char letter : kLetters) {
    if (has(letter) && some.find(letter) != some.npos) text += concat(" -", letter);
  }
  return text;
}

bool Part::has_setting() const {
  return !has_any(kLists) && !words.empty() && words[0].find('=') != std::string::npos;
}

bool Part::is_edit() const { return verb || has_any("eX#") || has_setting(); }

Result<void> check_part(const Part& part, const Request& request) {
  if (part.has('R') && part.is_edit())
    return invalid("-R shows what runs now, and nothing of that can be edited");
  // -P -P is one mode, and not for edits.
  if (request.effective && part.has_any("eX#")) {
    return invalid(concat("specify one of", part.given_of("eX#"), " -PP"));
  }
  if (part.has('b') && part.has('t')) return invalid("specify one of -b and -t");
  for (const auto group : kExclusive) {
    if (group == kJsonOrEdit && request.check) continue;  // the findings are what is shown
    const auto found = part.given_of(group);
    if (std::count(found.begin(), found.end(), '-') > 1) return invalid(concat("specify one of", found));
  }
  for (const auto& [mode, refused] : kRefusals) {
    if (!part.has(mode)) continue;
    const auto found = part.given_of(refused);
    if (!found.empty()) return invalid(concat("with option -", mode, ", do not specify", found));
  }
  if (part.verb && part.has_any("eX#")) {
    return invalid(concat("specify one of", part.given_of("eX#"), " ", option_of(*part.verb)));
  }
  return check_words(part);
}

Result<void> check_together(const std::vector<Part>& parts, const Request& request) {
  const bool edits = parts.front().is_edit();
  for (const auto& part : parts) {
    if (parts.size() > 1 && !part.is_edit()) return invalid("a query does not go together with an edit");
  }
  const auto task = request.task;
  if (edits &&
      (task == Task::apply || task == Task::explain || task == Task::history || task == Task::undo)) {
    return invalid("--apply, --explain, --history and --undo go with no other edit");
  }
  if (std::any_of(parts.begin(), parts.end(), [](const Part& part) { return part.has('R'); })) {
    if (task != Task::query || !request.where.empty() || request.origin) {
      return invalid("-R goes with -f, -h, -H, -j and --status, and with no other question");
    }
  }
  const bool changes = edits || task == Task::apply || task == Task::undo;
  const std::pair<bool, std::string_view> only_edits[] = {
      {request.dry_run, "--dry-run"}, {request.create, "--create"}, {!request.conditions.empty(), "--if"}};
  for (const auto& [given, name] : only_edits) {
    if (given && !changes) return invalid(concat(name, " goes with an edit: name=value, -X, -#, or --apply"));
  }
  if (request.origin && changes) return invalid("--origin goes with no edit");
  const auto selects = [](const Part& part) { return part.has_any("MFPO") && !part.verb; };
  if (!request.where.empty() && (task != Task::query || !std::all_of(parts.begin(), parts.end(), selects))) {
    return invalid("--where goes with -M, -F, -P or -O, and with no other option that edits");
  }
  if (request.reload && (request.dry_run || request.check)) {
    return invalid(concat("specify one of --reload ", request.dry_run ? "--dry-run" : "--check"));
  }
  return {};
}

}  // namespace postern::postconf
