#include "lib/config/param.h"

#include "lib/base/text.h"
#include "lib/config/expand.h"
#include "lib/config/lines.h"

#include <set>
#include <type_traits>

namespace postern::config {

ParamBase::ParamBase(ParamGroup& group, std::string name, std::string standard, std::string_view help,
                     ParamSpec spec)
    : name_(std::move(name)), standard_(std::move(standard)), help_(help), spec_(spec) {
  group.params_.push_back(this);
}

char ParamBase::unit() const {
  if (type() != "time") return '\0';
  return !standard_.empty() && seconds_in(standard_.back()) > 0 ? standard_.back() : 's';
}

Result<void> ParamBase::load(const Settings& settings) {
  if (spec_.expansion == Expansion::none) return accept(settings.raw(name_).value_or(standard_));
  if (!settings.raw(name_)) {
    const auto text = settings.expand(standard_);
    return text ? accept(*text) : fail(text.error());
  }
  const auto text = settings.value(name_);
  return text ? accept(*text) : fail(text.error());
}

Result<void> ParamBase::in_bounds(std::int64_t number) const {
  if (number >= spec_.min && number <= spec_.max) return {};
  const bool low = number < spec_.min;
  const bool is_length = type() == "string" || type() == "list";
  return fail(Errc::invalid, concat("invalid ", name_, is_length ? " parameter length " : " parameter value ",
                                    number, low ? " < " : " > ", low ? spec_.min : spec_.max));
}

Result<void> ParamBase::in_words(std::string_view word) const {
  if (spec_.words.empty()) return {};
  for (const auto known : split_words(spec_.words)) {
    if (iequals(word, known)) return {};
  }
  return fail(Errc::invalid, concat("bad ", type(), " configuration: ", name_, " = ", shown(word),
                                    ": none of ", spec_.words));
}

Result<void> ParamGroup::load(const Settings& settings) {
  for (auto* param : params_) {
    if (auto done = param->load(settings); !done) return done;
  }
  return {};
}

namespace {

// Whether the value of a text depends on the parameter, by whatever detour. `seen` ends a circle.
bool depends(const Settings& settings, std::string_view text, std::string_view name,
             std::set<std::string, std::less<>>& seen) {
  bool found = false;
  each_reference(text, [&](std::string_view used) {
    if (found || (found = used == name) || !seen.emplace(used).second) return;
    const auto below = settings.raw(used);
    found = below && depends(settings, *below, name, seen);
  });
  return found;
}

}  // namespace

Result<void> ParamGroup::follow(const Settings& settings, std::string_view name) {
  for (auto* param : params_) {
    if (param->type() == "string" || param->type() == "list") continue;
    const std::string text = settings.raw(param->name()).value_or(param->standard());
    std::set<std::string, std::less<>> seen;
    if (!depends(settings, text, name, seen)) continue;
    if (auto done = param->load(settings); !done) return done;
  }
  return {};
}

namespace {

template <class T>
Result<T> parse(std::string_view text, char unit) {
  if constexpr (std::is_same_v<T, std::string>) return std::string(text);
  if constexpr (std::is_same_v<T, bool>) return parse_bool(text);
  if constexpr (std::is_same_v<T, Seconds>) return parse_seconds(text, unit);
  if constexpr (std::is_same_v<T, List>) return split_braced(text, kListSeparators);
  if constexpr (std::is_same_v<T, std::int64_t>) return parse_int(text);
  if constexpr (std::is_same_v<T, int>) {
    const auto number = parse_int(text);
    if (!number) return fail(number.error());
    if (std::in_range<int>(*number)) return static_cast<int>(*number);
    return fail(Errc::too_long, "number is too large");
  }
}

// What the bounds of a parameter are about.
template <class T>
std::int64_t magnitude(const T& value) {
  if constexpr (std::is_same_v<T, bool>) return 0;
  if constexpr (std::is_integral_v<T>) return value;
  if constexpr (std::is_same_v<T, Seconds>) return value.count();
  if constexpr (requires { value.size(); }) return static_cast<std::int64_t>(value.size());
}

template <class T>
List words_of(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) return {value};
  if constexpr (std::is_same_v<T, List>) return value;
  return {};
}

// How Postfix calls the type in "bad ... configuration".
template <class T>
std::string_view adjective() {
  if constexpr (std::is_same_v<T, bool>) return "boolean";
  if constexpr (std::is_same_v<T, Seconds>) return "time";
  if constexpr (std::is_integral_v<T>) return "numerical";
  return "list";
}

}  // namespace

template <class T>
std::string_view Param<T>::type() const {
  if constexpr (std::is_same_v<T, std::string>) return "string";
  if constexpr (std::is_same_v<T, bool>) return "boolean";
  if constexpr (std::is_same_v<T, Seconds>) return "time";
  if constexpr (std::is_same_v<T, List>) return "list";
  return "integer";
}

template <class T>
Result<void> Param<T>::accept(std::string_view text) {
  auto value = parse<T>(text, unit());
  if (!value) {
    return fail(Errc::invalid, concat("bad ", adjective<T>(), " configuration: ", name(), " = ", shown(text),
                                      ": ", value.error().text));
  }
  if (auto fine = in_bounds(magnitude(*value)); !fine) return fine;
  for (const auto& word : words_of(*value)) {
    if (auto fine = in_words(word); !fine) return fine;
  }
  value_ = std::move(*value);
  return {};
}

template class Param<std::string>;
template class Param<bool>;
template class Param<int>;
template class Param<std::int64_t>;
template class Param<Seconds>;
template class Param<List>;

}  // namespace postern::config
