#include "postconf/service_comments.h"

#include <algorithm>
#include <optional>
#include <set>

#include "lib/base/text.h"
#include "lib/config/main_cf.h"
#include "lib/config/service_options.h"
#include "postconf/comments.h"

namespace postern::postconf {

namespace {

using config::Lines;
using config::Logical;
using config::Service;

std::string name_of(const Service& service) {
  return concat(service.name, "/", config::name_of(service.type));
}

// "name=value" in braces if it has to be.
std::string setting_word(const std::string& name, const std::string& value) {
  const auto word = concat(name, "=", value);
  return value.find_first_of(config::kBlanks) == value.npos ? word : concat("{", word, "}");
}

void warn_that_it_is_there(const Draft& draft, std::size_t line, std::string_view name, Output& output) {
  output.warn(concat(draft.master_path(), ", line ", line, ": ", name, " is set already"));
}

bool fits_any(std::vector<ServiceEdit>& edits, const std::string& name, const std::string& type) {
  bool fits = false;
  for (auto& edit : edits) {
    if (!edit.pattern.fits(name, type)) continue;
    edit.pattern.matched = fits = true;
  }
  return fits;
}

// Of several commented entries of one name the last one, which would be in force.
void uncomment_entries(std::vector<ServiceEdit>& edits, Draft& draft, Output& output) {
  std::set<std::string> there;
  for (const auto& entry : draft.master().logical()) {
    const auto head = head_of(entry.text);
    there.insert(concat(head.name, "/", head.type));
  }
  const auto active = there;
  const auto commented = commented_services(draft.master());
  for (auto entry = commented.rbegin(); entry != commented.rend(); ++entry) {
    const auto head = head_of(entry->text);
    if (!fits_any(edits, head.name, head.type)) continue;
    const auto name = concat(head.name, "/", head.type);
    if (active.contains(name)) warn_that_it_is_there(draft, entry->lines.front() + 1, name, output);
    if (there.insert(name).second) uncomment(draft.master(), *entry);
  }
}

// What a line "#service/type/part = value" says.
struct Kept {
  std::size_t line = 0;
  std::string service, type, part, value;
};

std::optional<Kept> kept_in(const Lines& lines, std::size_t number, Space space) {
  const auto setting = config::split_setting(behind_mark(lines.line(number)));
  if (!setting) return std::nullopt;
  const auto pattern = parse_pattern(setting->first, 3, 4, "");
  if (!pattern) return std::nullopt;
  const auto& part = pattern->third.text();
  const bool is_one = space == Space::fields ? field_of(part).has_value() : config::is_option_name(part);
  if (!is_one) return std::nullopt;
  return Kept{number, pattern->service.text(), pattern->type.text(), part, setting->second};
}

std::optional<Kept> last_kept(const Lines& lines, std::vector<ServiceEdit>& edits, Space space) {
  for (auto number = lines.height(); number-- > 0;) {
    auto kept = kept_in(lines, number, space);
    if (!kept) continue;
    for (auto& edit : edits) {
      if (!edit.pattern.fits(kept->service, kept->type) || !edit.pattern.third.fits(kept->part)) continue;
      edit.pattern.matched = true;
      return kept;
    }
  }
  return std::nullopt;
}

std::optional<Logical> entry_named(const Lines& lines, std::string_view name, std::string_view type) {
  const auto& logical = lines.logical();
  for (auto entry = logical.rbegin(); entry != logical.rend(); ++entry) {
    const auto head = head_of(entry->text);
    if (head.name == name && head.type == type) return *entry;
  }
  return std::nullopt;
}

// One after the other, from the end of the file.
Result<void> restore_kept(std::vector<ServiceEdit>& edits, Draft& draft, Space space) {
  auto& lines = draft.master();
  for (auto kept = last_kept(lines, edits, space); kept; kept = last_kept(lines, edits, space)) {
    lines.replace(kept->line, kept->line + 1, {});
    const auto entry = entry_named(lines, kept->service, kept->type);
    const auto service =
        entry ? config::parse_service(entry->text) : Result<Service>(fail(Errc::not_found, "no such entry"));
    const auto field = field_of(kept->part);
    auto next = !service                  ? service
                : space == Space::options ? config::with_option(*service, kept->part, kept->value)
                : field && *field         ? config::with_field(*service, **field, kept->value)
                                          : config::with_command(*service, kept->value);
    if (!next) {
      return fail(next.error().kind,
                  concat(draft.master_path(), ", line ", kept->line + 1, ": ", next.error().text));
    }
    lines.rewrite(*entry, config::folded(*next), config::Comments::in_front);
  }
  return {};
}

// The one setting in a line "#  -o name=value".
std::optional<std::pair<std::string, std::string>> setting_in(std::string_view line) {
  const auto text = trim(behind_mark(line));
  if (!text.starts_with("-o")) return std::nullopt;
  const auto service = config::parse_service(concat("x unix - - - - - x ", text));
  if (!service || service->overrides.size() != 1 || !service->operands.empty()) return std::nullopt;
  return service->overrides.front();
}

class SettingsOf {
 public:
  SettingsOf(Draft& draft, const Glob& name, Output& output) : draft_(draft), name_(name), output_(output) {}

  // Whether the entry at this place among all has a commented setting of that name: behind its first line, or in front,
  // where a rewritten entry leaves its comments.
  bool restore(std::size_t at) {
    const auto logical = draft_.master().logical();
    const auto& entry = logical[at];
    const auto next = at + 1 < logical.size() ? logical[at + 1].begin : draft_.master().height();
    if (restore_in(entry, entry.begin, commented_entry_in(entry.begin, next))) return true;
    const auto before = at > 0 ? logical[at - 1].end : 0;
    return commented_entry_in(before, entry.begin) == entry.begin && restore_in(entry, before, entry.begin);
  }

 private:
  // The first line that would begin an entry of its own: what stands behind it is not ours. `end` when there is none.
  std::size_t commented_entry_in(std::size_t begin, std::size_t end) const {
    for (auto number = begin; number < end; ++number) {
      const auto text = trim(behind_mark(draft_.master().line(number)));
      if (!text.empty() && config::parse_service(text)) return number;
    }
    return end;
  }

  bool restore_in(const Logical& entry, std::size_t begin, std::size_t end) {
    bool found = false;
    for (auto number = end; number-- > begin;) {
      const auto setting = setting_in(draft_.master().line(number));
      if (!setting || !name_.fits(setting->first)) continue;
      found = true;
      restore_line(entry.begin, number, *setting);
    }
    return found;
  }

  void restore_line(std::size_t begin, std::size_t number,
                    const std::pair<std::string, std::string>& setting) {
    auto& lines = draft_.master();
    const auto service = config::parse_service(text_at(lines, begin));
    if (!service) return;
    const auto &name = setting.first, &value = setting.second;
    const auto same = [&](const auto& pair) { return pair.first == name; };
    if (std::any_of(service->overrides.begin(), service->overrides.end(), same)) {
      warn_that_it_is_there(draft_, begin + 1, concat(name_of_entry(*service), "/", name), output_);
      return;
    }
    // The line as it is, if that is read as meant; otherwise a word of the entry.
    Lines changed = lines;
    std::string line(lines.line(number));
    line.erase(0, line.find_first_not_of('#'));
    changed.replace(number, number + 1, {is_blank(line.front()) ? line : "  " + line});
    const auto again = number < begin ? Result<Service>(fail(Errc::invalid, ""))
                                      : config::parse_service(text_at(changed, begin));
    if (again && again->overrides.size() == service->overrides.size() + 1) {
      lines = std::move(changed);
      return;
    }
    const auto next = config::with_override(*service, name, value);
    if (!next) return;
    lines.replace(number, number + 1, {});
    for (const auto& entry : lines.logical()) {
      if (entry.begin != (number < begin ? begin - 1 : begin)) continue;
      lines.rewrite(entry, config::folded(*next), config::Comments::in_front);
      return;
    }
  }

  static std::string name_of_entry(const Service& service) { return postconf::name_of(service); }

  static std::string text_at(const Lines& lines, std::size_t begin) {
    for (const auto& entry : lines.logical()) {
      if (entry.begin == begin) return std::string(entry.text);
    }
    return {};
  }

  Draft& draft_;
  const Glob& name_;
  Output& output_;
};

void restore_settings(std::vector<ServiceEdit>& edits, Draft& draft, Output& output) {
  for (auto& edit : edits) {
    const auto count = draft.master().logical().size();
    for (std::size_t at = 0; at < count; ++at) {
      const auto head = head_of(draft.master().logical()[at].text);
      if (!edit.pattern.fits(head.name, head.type)) continue;
      const bool found = SettingsOf(draft, edit.pattern.third, output).restore(at);
      edit.pattern.matched = edit.pattern.matched || found;
    }
  }
}

}  // namespace

std::string comments_on(const Service& service, const Glob& name, Space space) {
  std::string lines;
  const auto add = [&](std::string_view part, std::string_view value) {
    if (name.fits(std::string(part))) lines += concat("#", name_of(service), "/", part, " = ", value, "\n");
  };
  if (space == Space::fields) {
    for (std::size_t i = 0; i < config::kFields; ++i) {
      if (service.fields[i] != "-") add(config::kFieldNames[i], service.fields[i]);
    }
  } else if (space == Space::options) {
    for (const auto& [part, value] : config::options_of(service)) {
      const bool is_default = (part == "verbose" && value == "0") || (part == "debug" && value == "n");
      if (!is_default) add(part, value);
    }
  } else {
    for (const auto& [part, value] : service.overrides) {
      if (name.fits(part)) lines += concat("#    -o ", setting_word(part, value), "\n");
    }
  }
  return lines;
}

std::string with_comments(const std::string& entry, const std::string& comments, Space space) {
  if (comments.empty()) return entry;
  if (space != Space::overrides) return comments + entry;
  return concat(entry, "\n", comments.substr(0, comments.size() - 1));
}

Result<void> uncomment_services(const Step& step, std::vector<ServiceEdit>& edits, Draft& draft,
                                Output& output) {
  Result<void> done;
  if (step.space == Space::services) {
    uncomment_entries(edits, draft, output);
  } else if (step.space == Space::overrides) {
    restore_settings(edits, draft, output);
  } else {
    done = restore_kept(edits, draft, step.space);
  }
  for (const auto& edit : edits) output.missing = output.missing || !edit.pattern.matched;
  return done;
}

}  // namespace postern::postconf
