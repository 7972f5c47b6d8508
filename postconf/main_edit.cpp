#include "postconf/main_edit.h"

#include <algorithm>
#include <map>

#include "lib/base/text.h"
#include "lib/config/lines.h"
#include "lib/config/main_cf.h"
#include "postconf/comments.h"
#include "postconf/invalid.h"
#include "postconf/names.h"
#include "postconf/pattern.h"

namespace postern::postconf {

namespace {

using config::Change;

struct Wanted {
  std::string line;  // what the entry becomes, for Verb::edit
  int found = 0;
  bool is_in_force = false;  // the last entry has this value already
};
using WantedNames = std::map<std::string, Wanted, std::less<>>;

Result<void> check_word(const std::string& word) {
  if (word.find('\n') != word.npos) return invalid("-e, -X, or -# accepts no multi-line input");
  if (trim(word).starts_with('#')) return invalid("-e, -X, or -# accepts no comment input");
  return {};
}

Result<void> want_setting(const std::string& word, WantedNames& wanted, Output& output) {
  const auto setting = config::split_setting(word);
  if (!setting) return fail(setting.error());
  const auto& [name, value] = *setting;
  auto& entry = wanted[name];
  if (!entry.line.empty()) output.warn(concat("ignoring earlier request: '", entry.line, "'"));
  entry.line = concat(name, " = ", value);
  return {};
}

Result<void> want_name(const std::string& word, WantedNames& wanted) {
  if (word.find('=') != word.npos) return invalid("-X or -# requires parameter names without value");
  const auto name = trim(word);
  if (name.empty()) return invalid("-X or -# requires non-blank parameter names");
  wanted[std::string(name)];
  return {};
}

Result<WantedNames> read_words(const Step& step, Output& output) {
  WantedNames wanted;
  for (const auto& word : step.words) {
    if (auto fine = check_word(word); !fine) return fail(fine.error());
    const auto done = step.verb == Verb::edit ? want_setting(word, wanted, output) : want_name(word, wanted);
    if (!done) return fail(done.error());
  }
  return wanted;
}

Change::Kind kind_of(Verb verb) {
  return verb == Verb::edit     ? Change::Kind::rewrite
         : verb == Verb::remove ? Change::Kind::erase
                                : Change::Kind::comment_out;
}

std::string_view name_of(std::string_view entry) {
  const auto stop = std::find_if(entry.begin(), entry.end(), [](char c) { return c == '=' || is_space(c); });
  return entry.substr(0, static_cast<std::size_t>(stop - entry.begin()));
}

// What is wanted of the name; only where names are removed may one of many characters fit it.
WantedNames::iterator find_wanted(WantedNames& wanted, std::string_view name, Verb verb) {
  const auto found = wanted.find(name);
  if (found != wanted.end() || verb == Verb::edit) return found;
  return std::find_if(wanted.begin(), wanted.end(),
                      [&](const auto& one) { return Glob(one.first).fits(std::string(name)); });
}

bool has_value(std::string_view entry, std::string_view wanted) {
  const auto now = config::split_setting(entry), then = config::split_setting(wanted);
  return now && then && in_one_line(now->second) == in_one_line(then->second);
}

void note_what_is_in_force(const config::Lines& lines, WantedNames& wanted) {
  for (const auto& entry : lines.logical()) {
    const auto found = wanted.find(name_of(entry.text));
    if (found != wanted.end()) found->second.is_in_force = has_value(entry.text, found->second.line);
  }
}

// Every entry of these names, not only the one in force; names that are not there yet come last, sorted.
void change_entries(const Step& step, WantedNames& wanted, Draft& draft, Output& output) {
  std::vector<Change> changes;
  if (step.gently && step.verb == Verb::edit) note_what_is_in_force(draft.main(), wanted);
  for (const auto& entry : draft.main().logical()) {
    const auto found = find_wanted(wanted, name_of(entry.text), step.verb);
    if (found == wanted.end()) continue;
    if (found->second.is_in_force) {
      ++found->second.found;
      continue;
    }
    if (found->second.found++ == 1 && !Glob(found->first).is_wild()) {
      output.warn(concat(draft.main_path(), ": multiple entries for \"", found->first, "\""));
    }
    changes.push_back({kind_of(step.verb), entry, found->second.line});
  }
  draft.main().apply(changes);
  for (const auto& [name, entry] : wanted) {
    if (entry.found > 0) continue;
    if (step.verb == Verb::edit) {
      draft.main().append(entry.line);
    } else {
      output.missing = true;
    }
  }
}

// Of several commented entries of one name the last one, which would be in force.
void uncomment_entries(WantedNames& wanted, Draft& draft, Output& output) {
  std::map<std::string, std::size_t, std::less<>> set;
  for (const auto& entry : draft.main().logical()) set.emplace(name_of(entry.text), entry.begin + 1);
  const auto commented = commented_settings(draft.main());
  for (auto entry = commented.rbegin(); entry != commented.rend(); ++entry) {
    const std::string name(name_of(entry->text));
    const auto found = find_wanted(wanted, name, Verb::uncomment);
    if (found == wanted.end()) continue;
    ++found->second.found;
    const auto active = set.find(name);
    if (active == set.end()) uncomment(draft.main(), *entry);
    if (active != set.end() && active->second > 0) {
      output.warn(concat(draft.main_path(), ", line ", active->second, ": ", name, " is set already"));
    }
    set.insert_or_assign(name, 0);
  }
  for (const auto& [name, entry] : wanted) output.missing = output.missing || entry.found == 0;
}

}  // namespace

Result<void> edit_main(const Step& step, Draft& draft, Output& output) {
  auto wanted = read_words(step, output);
  if (!wanted) return fail(wanted.error());
  if (step.verb == Verb::uncomment) {
    uncomment_entries(*wanted, draft, output);
  } else {
    change_entries(step, *wanted, draft, output);
  }
  return {};
}

}  // namespace postern::postconf
