// Parameters, declared once: a member of a ParamGroup with its name, default, help and bounds. From that one
// row come typed access in the program, the default, range errors, and the manual.
//
//   struct PickupParams : ParamGroup {
//     Param<Seconds> idle{*this, "pickup_idle", "100s", "How long to wait.", at_least(1)};
//   };
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/settings.h"
#include "lib/config/values.h"

namespace postern::config {

class ParamGroup;

enum class Effect { yes, not_yet };  // does a program act on the value?
enum class Expansion {
  full,
  none
};  // none: the text keeps its $names, which mean something at delivery time

enum class Access { ordinary, read_only };  // read_only: a program knows the value, nobody sets it

// What is not the rule. Bounds are of the number, of the seconds, or of the length of a text or list.
struct ParamSpec {
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int32_t>::max();
  Effect effect = Effect::yes;
  Expansion expansion = Expansion::full;
  Access access = Access::ordinary;
  std::string_view words{};  // of a text, or of each word of a list: the values there are; empty: any
};

constexpr ParamSpec at_least(std::int64_t min) { return {.min = min}; }
constexpr ParamSpec at_most(std::int64_t max) { return {.max = max}; }
constexpr ParamSpec between(std::int64_t min, std::int64_t max) { return {.min = min, .max = max}; }
constexpr ParamSpec one_of(std::string_view words) { return {.min = 1, .words = words}; }
constexpr ParamSpec not_yet(ParamSpec spec = {}) {
  spec.effect = Effect::not_yet;
  return spec;
}
constexpr ParamSpec kUnexpanded{.expansion = Expansion::none};
constexpr ParamSpec kReadOnly{.access = Access::read_only};

class ParamBase {
 public:
  ParamBase(ParamGroup& group, std::string name, std::string standard, std::string_view help, ParamSpec spec);
  virtual ~ParamBase() = default;
  ParamBase(const ParamBase&) = delete;
  ParamBase& operator=(const ParamBase&) = delete;

  const std::string& name() const { return name_; }
  // The built-in default, unexpanded. Empty for myhostname and the others that are computed (Settings::raw).
  const std::string& standard() const { return standard_; }
  std::string_view help() const { return help_; }
  const ParamSpec& spec() const { return spec_; }
  // "string", "boolean", "integer", "time" or "list".
  virtual std::string_view type() const = 0;
  // For a time the unit of a plain number, from the default's own unit; otherwise NUL.
  char unit() const;

  // Takes the value in force. Fails with invalid; the text names the parameter and the value, and says why.
  Result<void> load(const Settings& settings);
  // The same for a text that is already expanded: what would this value do?
  virtual Result<void> accept(std::string_view text) = 0;

 protected:
  Result<void> in_bounds(std::int64_t number) const;
  Result<void> in_words(std::string_view word) const;

 private:
  std::string name_, standard_;
  std::string_view help_;
  ParamSpec spec_;
};

class ParamGroup {
 public:
  ParamGroup() = default;
  ParamGroup(const ParamGroup&) = delete;
  ParamGroup& operator=(const ParamGroup&) = delete;

  // Loads every parameter; stops at the first error.
  Result<void> load(const Settings& settings);
  // Loads again what depends on the parameter of that name: numbers, times and booleans whose text, or that of a
  // parameter in it, mentions it. Texts and lists stay, since somebody may be looking at them. Stops at the first error.
  Result<void> follow(const Settings& settings, std::string_view name);
  const std::vector<ParamBase*>& params() const { return params_; }

 private:
  friend class ParamBase;
  std::vector<ParamBase*> params_;  // members of the derived struct, which lives as long as we do
};

// T: std::string, bool, int, std::int64_t, Seconds or List.
template <class T>
class Param : public ParamBase {
 public:
  Param(ParamGroup& group, std::string name, std::string standard, std::string_view help, ParamSpec spec = {})
      : ParamBase(group, std::move(name), std::move(standard), help, spec) {}

  const T& get() const { return value_; }
  const T& operator*() const { return value_; }
  const T* operator->() const { return &value_; }
  // For tests, and for programs that have a reason to know better.
  void set(T value) { value_ = std::move(value); }

  std::string_view type() const override;
  Result<void> accept(std::string_view text) override;

 private:
  T value_{};
};

}  // namespace postern::config
