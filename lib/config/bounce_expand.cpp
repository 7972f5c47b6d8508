#include "lib/config/bounce_template.h"

#include <algorithm>
#include <map>
#include <optional>

#include "lib/base/text.h"
#include "lib/config/expand.h"
#include "lib/config/lines.h"
#include "lib/config/standards.h"
#include "lib/config/values.h"

namespace postern::config {

namespace {

// Parameters that a text may have as a number: NAME_UNIT.
constexpr std::string_view kTimes[] = {"delay_warning_time", "maximal_queue_lifetime"};
constexpr std::pair<std::string_view, char> kUnits[] = {
    {"seconds", 's'}, {"minutes", 'm'}, {"hours", 'h'}, {"days", 'd'}, {"weeks", 'w'}};
// From here on nobody reads the number with ease.
constexpr std::int64_t kExcessive = 1000;

// A value is final: its dollars stand for themselves.
std::string without_macros(std::string_view value) {
  std::string out;
  for (const char c : value) out.append(c == '$' ? 2 : 1, c);
  return out;
}

class TextExpander {
 public:
  TextExpander(const BounceTemplate& used, const Settings& settings, const Warn& warn)
      : used_(used), settings_(settings), warn_(warn) {}

  Result<std::string> run();

 private:
  Result<std::string> line(std::string_view line);
  Result<std::optional<std::string>> find(std::string_view name);
  Result<std::string> time(std::string_view parameter, std::string_view unit);
  void warn_of(std::int64_t number, bool is_zero, std::string_view name, std::string_view unit) const;

  const BounceTemplate& used_;
  const Settings& settings_;
  const Warn& warn_;
  std::map<std::string, std::string, std::less<>> known_;  // values that were asked for before
  bool refused_ = false;                                   // a name that is there has no value
};

Result<std::string> TextExpander::run() {
  std::string out;
  std::string_view rest = used_.text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto expanded = line(rest.substr(0, end));
    if (!expanded) return expanded;
    out += concat(*expanded, "\n");
    if (out.size() > kLongestExpansion) {
      return fail(Errc::too_long,
                  concat(used_.origin, ": expanded text of ", name_of(used_.kind), " template is too large"));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

Result<std::string> TextExpander::line(std::string_view line) {
  auto expanded = expand(
      line, [this](std::string_view name) { return find(name); }, Undefined::fails);
  if (expanded || refused_) return expanded;
  const auto kind = expanded.error().kind;
  const bool is_undefined = kind == Errc::not_found;
  if (!is_undefined) warn_(expanded.error().text);
  return fail(kind, concat(used_.origin, ": ", is_undefined ? "undefined $name" : "bad $name syntax", " in ",
                           name_of(used_.kind), " template: ", line));
}

Result<std::optional<std::string>> TextExpander::find(std::string_view name) {
  const auto passed_on = [this](const Result<std::string>& value) -> Result<std::optional<std::string>> {
    refused_ = !value;
    if (!value) return fail(value.error());
    return without_macros(*value);
  };
  for (const auto parameter : kTimes) {
    if (name.starts_with(concat(parameter, "_")))
      return passed_on(time(parameter, name.substr(parameter.size() + 1)));
  }
  if (const auto found = known_.find(name); found != known_.end()) return found->second;
  if (settings_.source(name) == Source::unknown) return std::nullopt;
  auto value = passed_on(settings_.value(name));
  if (value) known_.emplace(name, **value);
  return value;
}

Result<std::string> TextExpander::time(std::string_view parameter, std::string_view unit) {
  const auto name = concat(parameter, "_", unit);
  const auto known =
      std::find_if(std::begin(kUnits), std::end(kUnits), [&](const auto& one) { return one.first == unit; });
  if (known == std::end(kUnits)) {
    return fail(Errc::invalid, concat(used_.origin, ": unrecognized suffix \"", shown(unit),
                                      "\" in parameter \"", shown(name), "\""));
  }
  const auto text = settings_.value(parameter);
  if (!text) return text;
  const auto seconds = parse_seconds(*text, standard_value(parameter).value().back());
  if (!seconds) {
    return fail(seconds.error().kind,
                concat("parameter ", parameter, ": ", seconds.error().text, ": ", shown(*text)));
  }
  const auto number = seconds->count() / seconds_in(known->second);
  warn_of(number, seconds->count() == 0, name, unit);
  return std::to_string(number);
}

void TextExpander::warn_of(std::int64_t number, bool is_zero, std::string_view name,
                           std::string_view unit) const {
  const bool too_small = number == 0 && !is_zero;
  if (!too_small && number < kExcessive) return;
  const auto where = concat(name_of(used_.kind), " template");
  const auto result = too_small ? std::string("zero result") : concat("excessive result \"", number, "\"");
  warn_(concat(used_.origin, ": ", result, " in ", where, " conversion of parameter \"", name, "\""));
  warn_(concat("please ", too_small ? "reduce" : "increase", " time unit \"", unit, "\" of \"", name,
               "\" in ", where));
}

}  // namespace

Result<std::string> expanded_text(const BounceTemplate& used, const Settings& settings, const Warn& warn) {
  return TextExpander(used, settings, warn).run();
}

}  // namespace postern::config
