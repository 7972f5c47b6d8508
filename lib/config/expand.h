// $name expansion of parameter values: $name ${name} $(name) $$, ${name?text} ${name:text} ${name?{a}:{b}},
// and
// ${{a} OP {b} ? {x} : {y}} with == != < <= > >= and the same with "level" behind it for compatibility
// levels. Values that are looked up are expanded in turn. Every dimension is bounded: nesting, work and size.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace postern::config {

// The raw value of a name, nothing when it is not defined (which expands as empty text), or why there is
// none.
using Lookup = std::function<Result<std::optional<std::string>>(std::string_view name)>;

// What becomes of a name that is not defined.
enum class Undefined { empty, fails };

constexpr int kDeepestExpansion = 100;
constexpr std::size_t kLongestExpansion = 1u << 20;
// Bytes of text that one expansion may read, values of macros included; each macro counts as this many more.
constexpr std::size_t kMostExpansionWork = 4u << 20;
constexpr std::size_t kMacroWork = 256;

// Fails with invalid ("truncated macro reference: ...", "empty macro name: ...", "macro syntax error: ..."),
// too_long ("unreasonable macro call nesting: "NAME"", "macro expansion is too large"), or as lookup does.
// With Undefined::fails, a text that is well-formed but refers to a name that is not defined, other than as a
// condition, fails with not_found: "undefined name: NAME".
Result<std::string> expand(std::string_view text, const Lookup& lookup,
                           Undefined undefined = Undefined::empty);

// Called for each name that the text refers to, in conditions and in both branches alike. The text is not
// expanded; a malformed part is passed over. For questions such as "which parameters are used?".
void each_reference(std::string_view text, const std::function<void(std::string_view name)>& use);

}  // namespace postern::config
