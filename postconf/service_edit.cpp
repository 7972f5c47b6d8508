#include "postconf/service_edit.h"

#include <algorithm>
#include <optional>

#include "lib/base/text.h"
#include "lib/config/lines.h"
#include "lib/config/main_cf.h"
#include "lib/config/master_cf.h"
#include "lib/config/service.h"
#include "postconf/edited_file.h"
#include "postconf/pattern.h"

namespace postern::postconf {

namespace {

using config::Change;
using config::Logical;
using config::Service;

// One word of the command line.
struct Edit {
  Pattern pattern;
  std::string value;                  // of a field or an override
  std::optional<Service> entry = {};  // what -M makes of the entry
};

Failure invalid(std::string text) { return fail(Errc::invalid, std::move(text)); }

bool has_blanks(std::string_view text) { return std::any_of(text.begin(), text.end(), is_space); }

// The field of that name; nothing for "command".
Result<std::optional<config::Field>> field_of(std::string_view name) {
  if (name == "command") return std::optional<config::Field>();
  const auto& names = config::kFieldNames;
  const auto* found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return invalid(concat("invalid service attribute name: \"", name, "\""));
  return std::optional(static_cast<config::Field>(found - names.begin()));
}

Result<Service> with_part(const Service& service, const Edit& edit) {
  const auto& [name, value] = std::pair(edit.pattern.third, edit.value);
  const auto field = field_of(name);
  if (!field) return fail(field.error());
  auto changed = *field ? config::with_field(service, **field, value) : config::with_command(service, value);
  if (!value.empty() && (changed || !*field)) return changed;
  return invalid(concat("invalid ", name, " field \"", value, "\" in \"", value, "\""));
}

Result<Service> with_setting(const Service& service, const Edit& edit, Verb verb) {
  const auto& name = edit.pattern.third;
  return verb == Verb::edit ? config::with_override(service, name, edit.value)
                            : config::without_override(service, name);
}

Result<void> check_entry(const std::string& word, Edit& edit) {
  if (split_words(edit.value, config::kBlanks).size() <= config::kFields) {
    return invalid(concat("bad field count: \"", word, "\""));
  }
  auto entry = config::parse_service(edit.value);
  if (!entry) return fail(entry.error());
  edit.entry = std::move(*entry);
  return {};
}

Result<void> check_field(const Edit& edit) {
  const auto& name = edit.pattern.third;
  if (name == "*") return invalid("-Fe does not accept wild-card field name");
  const auto field = field_of(name);
  if (!field) return fail(field.error());
  if (*field && has_blanks(edit.value)) return invalid("-Fe does not accept whitespace in non-command field");
  return {};
}

Result<void> check_override(const Edit& edit) {
  if (edit.pattern.third == "*") return invalid("-Pe does not accept wild-card parameter name");
  if (has_blanks(edit.value)) return invalid("-Pe does not accept whitespace in parameter value");
  return {};
}

Result<Edit> read_word(const std::string& word, const Request& request) {
  if (word.find('\n') != word.npos) return invalid("-Me, -Fe, -Pe, -X, or -# accept no multi-line input");
  if (trim(word).starts_with('#')) return invalid("-Me, -Fe, -Pe, -X, or -# accept no comment input");
  std::pair<std::string, std::string> setting(trim(word), "");
  if (request.verb == Verb::edit) {
    auto split = config::split_setting(word);
    if (!split) return fail(split.error());
    setting = std::move(*split);
  } else if (word.find('=') != word.npos) {
    return invalid("-X or -# requires names without value");
  }
  const bool is_entry = request.space == Space::services;
  const auto* const otherwise = is_entry ? "-Me, -MX or -M# requires service_name/type"
                                : request.space == Space::fields
                                    ? "-Fe or -FX requires service_name/type/field_name"
                                    : "-Pe or -PX requires service_name/type/parameter";
  auto pattern = parse_pattern(setting.first, is_entry ? 2 : 3, is_entry ? 2 : 3, otherwise);
  if (!pattern) return fail(pattern.error());
  pattern->text = word;
  Edit edit{std::move(*pattern), std::move(setting.second)};
  Result<void> fine;
  if (is_entry && request.verb == Verb::edit) fine = check_entry(word, edit);
  if (request.space == Space::fields) fine = check_field(edit);
  if (request.space == Space::overrides) fine = check_override(edit);
  if (!fine) return fail(fine.error());
  return edit;
}

// The name and type of an entry, which may be broken otherwise.
struct Head {
  std::string_view name, type;
};

Head head_of(const Logical& entry) {
  const auto words = split_words(entry.text, config::kBlanks);
  return words.size() < 2 ? Head{} : Head{words[0], words[1]};
}

bool fits(const Edit& edit, const Head& head) {
  const bool by_name =
      edit.entry && edit.entry->name == head.name && config::name_of(edit.entry->type) == head.type;
  return by_name || edit.pattern.fits(head.name, head.type);
}

// -M: the first entry that fits becomes the new one, any other goes.
std::vector<Change> change_entries(std::vector<Logical> logical, std::vector<Edit>& edits,
                                   const Request& request) {
  std::vector<Change> changes;
  for (auto& entry : logical) {
    const auto head = head_of(entry);
    std::optional<Change> change;
    for (auto& edit : edits) {
      if (!fits(edit, head)) continue;
      change = Change{Change::Kind::erase, entry};
      if (request.verb == Verb::comment_out) change->kind = Change::Kind::comment_out;
      if (edit.entry && !edit.pattern.matched) {
        change->kind = Change::Kind::rewrite;
        change->text = config::folded(*edit.entry);
      }
      edit.pattern.matched = true;
    }
    if (change) changes.push_back(std::move(*change));
  }
  return changes;
}

// What -F or -P make of an entry; nothing if no edit is for it.
Result<std::optional<Service>> changed(const Logical& entry, std::vector<Edit>& edits, const Request& request,
                                       const std::string& path) {
  const auto head = head_of(entry);
  std::optional<Service> service;
  for (auto& edit : edits) {
    if (!fits(edit, head)) continue;
    edit.pattern.matched = true;
    if (!service) {
      auto parsed = config::parse_service(entry.text);
      if (!parsed) return invalid(concat(path, ", line ", entry.begin + 1, ": ", parsed.error().text));
      service = std::move(*parsed);
    }
    auto next = request.space == Space::fields ? with_part(*service, edit)
                                               : with_setting(*service, edit, request.verb);
    if (!next) return fail(next.error());
    service = std::move(*next);
  }
  return service;
}

// As Postfix does, a rewritten entry stands behind the comments that stood in or behind it.
Result<std::vector<Change>> change_parts(std::vector<Logical> logical, std::size_t height,
                                         std::vector<Edit>& edits, const Request& request,
                                         const std::string& path) {
  std::vector<Change> changes;
  for (std::size_t i = 0; i < logical.size(); ++i) {
    auto& entry = logical[i];
    const auto service = changed(entry, edits, request, path);
    if (!service) return fail(service.error());
    if (!*service) continue;
    entry.end = i + 1 < logical.size() ? logical[i + 1].begin : height;
    changes.push_back(
        {Change::Kind::rewrite, std::move(entry), config::folded(**service), config::Comments::in_front});
  }
  return changes;
}

Result<void> apply(config::Lines& lines, std::vector<Edit>& edits, const Request& request,
                   const std::string& path, Output& output) {
  if (request.space == Space::services) {
    lines.apply(change_entries(lines.logical(), edits, request));
    for (const auto& edit : edits) {
      if (edit.entry && !edit.pattern.matched) lines.append(config::folded(*edit.entry));
    }
    return {};
  }
  const auto changes = change_parts(lines.logical(), lines.height(), edits, request, path);
  if (!changes) return fail(changes.error());
  lines.apply(*changes);
  for (const auto& edit : edits) {
    if (!edit.pattern.matched)
      output.warn(concat("unmatched service_name/type: \"", edit.pattern.text, "\""));
  }
  return {};
}

}  // namespace

Result<void> edit_services(const Request& request, Output& output) {
  std::vector<Edit> edits;
  for (const auto& word : request.words) {
    auto edit = read_word(word, request);
    if (!edit) return fail(edit.error());
    edits.push_back(std::move(*edit));
  }
  const auto path = concat(request.directory, "/master.cf");
  auto file = EditedFile::open(path);
  if (!file) return fail(file.error());
  auto lines = config::Lines::parse(file->text(), path);
  if (!lines) return fail(lines.error());
  if (auto done = apply(*lines, edits, request, path, output); !done) return done;
  const auto text = lines->text();
  // A file that is broken already may be repaired step by step.
  const auto result = config::MasterCf::parse(text, path);
  if (!result && config::MasterCf::parse(file->text(), path)) return fail(result.error());
  return file->replace(text);
}

}  // namespace postern::postconf
