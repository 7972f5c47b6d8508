#include "postconf/service_words.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/config/main_cf.h"
#include "lib/config/service_options.h"
#include "postconf/invalid.h"

namespace postern::postconf {

namespace {

bool has_blanks(std::string_view text) { return std::any_of(text.begin(), text.end(), is_space); }

Result<void> check_entry(const std::string& word, ServiceEdit& edit) {
  if (split_words(edit.value, config::kBlanks).size() <= config::kFields) {
    return invalid(concat("bad field count: \"", word, "\""));
  }
  auto entry = config::parse_service(edit.value);
  if (!entry) return fail(entry.error());
  edit.entry = std::move(*entry);
  return {};
}

Result<void> check_field(const ServiceEdit& edit, Verb verb) {
  const auto& name = edit.pattern.third;
  if (name.is_wild()) return invalid("-Fe does not accept wild-card field name");
  const auto field = field_of(name.text());
  if (!field) return fail(field.error());
  if (*field && has_blanks(edit.value)) return invalid("-Fe does not accept whitespace in non-command field");
  const bool has_default = *field && **field != config::Field::service && **field != config::Field::type;
  if (verb == Verb::edit || has_default) return {};
  return invalid(concat("field ", name.text(), " has no default"));
}

Result<void> check_override(const ServiceEdit& edit, Verb verb) {
  const auto& name = edit.pattern.third;
  if (name.text() == "*" || (name.is_wild() && verb == Verb::edit)) {
    return invalid("-Pe does not accept wild-card parameter name");
  }
  return {};
}

Result<void> check_option(const ServiceEdit& edit, Verb verb) {
  const auto& name = edit.pattern.third;
  if (name.is_wild() && verb == Verb::edit) return invalid("-Oe does not accept wild-card option name");
  if (name.is_wild() || config::is_option_name(name.text())) return {};
  return invalid(concat("invalid option name: \"", name.text(), "\""));
}

struct Form {
  std::size_t least, most;
  std::string_view otherwise;
};

Form form_of(Space space) {
  switch (space) {
    case Space::services: return {2, 2, "-Me, -MX or -M# requires service_name/type"};
    case Space::fields: return {3, 3, "-Fe or -FX requires service_name/type/field_name"};
    case Space::options: return {3, 4, "-Oe or -OX requires service_name/type/option"};
    default: return {3, 3, "-Pe or -PX requires service_name/type/parameter"};
  }
}

}  // namespace

Result<std::optional<config::Field>> field_of(std::string_view name) {
  if (name == "command") return std::optional<config::Field>();
  const auto& names = config::kFieldNames;
  const auto* found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return invalid(concat("invalid service attribute name: \"", name, "\""));
  return std::optional(static_cast<config::Field>(found - names.begin()));
}

Result<ServiceEdit> read_service_edit(const std::string& word, const Step& step) {
  if (word.find('\n') != word.npos) return invalid("-Me, -Fe, -Pe, -X, or -# accept no multi-line input");
  if (trim(word).starts_with('#')) return invalid("-Me, -Fe, -Pe, -X, or -# accept no comment input");
  std::pair<std::string, std::string> setting(trim(word), "");
  if (step.verb == Verb::edit) {
    auto split = config::split_setting(word);
    if (!split) return fail(split.error());
    setting = std::move(*split);
  } else if (word.find('=') != word.npos) {
    return invalid("-X or -# requires names without value");
  }
  const auto [least, most, otherwise] = form_of(step.space);
  auto pattern = parse_pattern(setting.first, least, most, otherwise);
  if (!pattern) return fail(pattern.error());
  pattern->text = word;
  ServiceEdit edit{std::move(*pattern), std::move(setting.second)};
  Result<void> fine;
  if (step.space == Space::services && step.verb == Verb::edit) fine = check_entry(word, edit);
  if (step.space == Space::fields) fine = check_field(edit, step.verb);
  if (step.space == Space::overrides) fine = check_override(edit, step.verb);
  if (step.space == Space::options) fine = check_option(edit, step.verb);
  if (!fine) return fail(fine.error());
  return edit;
}

Head head_of(std::string_view entry) {
  const auto start = std::min(entry.find_first_not_of(config::kBlanks), entry.size());
  const auto behind = std::min(entry.find_first_of(config::kBlanks, start), entry.size());
  const auto type = std::min(entry.find_first_not_of(config::kBlanks, behind), entry.size());
  if (type == entry.size()) return {};
  const auto end = std::min(entry.find_first_of(config::kBlanks, type), entry.size());
  return {std::string(entry.substr(start, behind - start)), std::string(entry.substr(type, end - type))};
}

EditIndex::EditIndex(const std::vector<ServiceEdit>& edits) : edits_(edits) {
  for (std::size_t i = 0; i < edits.size(); ++i) {
    const auto& [pattern, value, entry, is_excluded] = edits[i];
    const bool is_wild = pattern.service.is_wild() || pattern.type.is_wild();
    if (is_wild) {
      wild_.push_back(i);
    } else {
      named_[concat(pattern.service.text(), "/", pattern.type.text())].push_back(i);
    }
    if (entry) named_[concat(entry->name, "/", config::name_of(entry->type))].push_back(i);
  }
}

std::vector<std::size_t> EditIndex::for_entry(const Head& head) const {
  std::vector<std::size_t> found;
  if (const auto named = named_.find(concat(head.name, "/", head.type)); named != named_.end())
    found = named->second;
  for (const auto number : wild_) {
    if (edits_[number].pattern.fits(head.name, head.type)) found.push_back(number);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace postern::postconf
