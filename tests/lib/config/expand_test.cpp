#include "lib/config/expand.h"

#include <doctest/doctest.h>

#include <map>
#include <vector>

#include "lib/base/text.h"
#include "lib/config/level.h"
#include "lib/config/words.h"

using namespace postern;
using namespace postern::config;

namespace {

const std::map<std::string, std::string, std::less<>> kValues{
    {"a", "x"},          {"empty", ""},      {"deep", "<$nested>"}, {"nested", "$a$a"},
    {"loop", "1$loop2"}, {"loop2", "$loop"}, {"level", "3.6"},      {"blank", "$empty"},
    {"n", "07"},         {"brace", "{"},     {"dollar", "$$a"},
};

Result<std::optional<std::string>> look_up(std::string_view name) {
  if (name == "broken") return fail(Errc::io, "no value today");
  const auto found = kValues.find(name);
  return found == kValues.end() ? std::nullopt : std::optional(found->second);
}

std::string expanded(std::string_view text) {
  const auto result = expand(text, look_up);
  return result ? *result : "error: " + result.error().text;
}

}  // namespace

TEST_CASE("macros expand in all their forms") {
  const struct {
    std::string text, expanded;
  } rows[] = {
      {"", ""},
      {"plain", "plain"},
      {"$a", "x"},
      {"$a.b", "x.b"},
      {"${a}b", "xb"},
      {"$(a)b", "xb"},
      {"${ a }", "x"},
      {"$$a", "$a"},
      {"$$$a", "$x"},
      {"100$$", "100$"},
      {"$none!", "!"},
      {"$deep", "<xx>"},
      {"$dollar", "$a"},
      {"${a?yes}", "yes"},
      {"${a?yes: $a {b}}", "yes: x {b}"},
      {"${empty?yes}", ""},
      {"${none?yes}", ""},
      {"${empty:no}", "no"},
      {"${none:no $a}", "no x"},
      {"${a:no}", ""},
      {"${a?{yes}:{no}}", "yes"},
      {"${empty?{yes}:{no}}", "no"},
      {"${empty ? { y es } : { n o }}", "n o"},
      {"${a?{yes}}", "yes"},
      {"${a?{yes}:no}", "yes"},
      {"${empty?{yes}:no}", "no"},
      {"${empty:{no}}", "no"},
      {"$(a?yes)", "yes"},
      {"${blank?written}", "written"},
      {"${a?{${empty?{1}:{${a}}}}:{2}}", "x"},
      {"${a?{{inner}}:{2}}", "{inner}"},
      {"$brace", "{"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(expanded(row.text) == row.expanded);
  }
}

TEST_CASE("comparisons are numeric between numbers and by byte otherwise") {
  const struct {
    std::string condition;
    bool holds;
  } rows[] = {
      {"{$a} == {x}", true},
      {"{$a} != {x}", false},
      {"{10} > {9}", true},
      {"{10} < {9}", false},
      {"{$n} == {7}", true},
      {"{a10} < {a9}", true},
      {"{7} <= {007}", true},
      {"{8} >= {9}", false},
      {"{} == {$empty}", true},
      {"{}=={}", true},
      {"{ x } == {x}", true},
      {"{123456789012345678901} > {123456789012345678900}", true},
      {"{$level} <level {3.10}", true},
      {"{$level} >=level {3.6.0}", true},
      {"{$level} ==level {3.6}", true},
      {"{3.6} < {3.10}", false},
      {"{2} <level {1.99.99}", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.condition);
    CHECK(expanded("${" + row.condition + "?{y}:{n}}") == (row.holds ? "y" : "n"));
    CHECK(expanded("${ " + row.condition + " ? {y} : {n} }") == (row.holds ? "y" : "n"));
    CHECK(expanded("${" + row.condition + ":no}") == (row.holds ? "" : "no"));
    CHECK(expanded("${" + row.condition + "}") == (row.holds ? "bool" : ""));
  }
}

TEST_CASE("what is not a macro is an error") {
  const struct {
    std::string text, error;
  } rows[] = {
      {"a$", "empty macro name: \"$\""},
      {"$ a", "empty macro name: \"$ a\""},
      {"$-", "empty macro name: \"$-\""},
      {"${}", "empty macro name: \"\""},
      {"${?a}", "empty macro name: \"?a\""},
      {"x${a", "truncated macro reference: \"${a\""},
      {"$(a}", "truncated macro reference: \"$(a}\""},
      {"${a?{b}", "truncated macro reference: \"${a?{b}\""},
      {"${a-b}", "macro syntax error: \"a-b\""},
      {"${a b}", "macro syntax error: \"a b\""},
      {"${a?{b}c}", "macro syntax error: \"?{b}c\""},
      {"${a?{b}:{c}d}", "macro syntax error: \"?{b}:{c}d\""},
      {"${{a} = {b}}", "macro syntax error: \"{a} = {b}\""},
      {"${{a} == b}", "macro syntax error: \"{a} == b\""},
      {"${{a} == {b} x}", "macro syntax error: \"{a} == {b} x\""},
      {"${{x} <level {3}?{1}:{2}}", "bad compatibility level: \"x\""},
      {"$broken", "no value today"},
      {"${broken?x}", "no value today"},
      {"$loop2", "unreasonable macro call nesting: \"loop2\""},
  };
  for (const auto& row : rows) CHECK(expanded(row.text) == "error: " + row.error);
}

TEST_CASE("an error in the branch that is not taken does not matter") {
  CHECK(expanded("${a?{ok}:{${a-b}}}") == "ok");
}

TEST_CASE("a name that is not defined is empty text, or a failure where that is asked for") {
  const auto lookup = [](std::string_view name) -> Result<std::optional<std::string>> {
    if (name == "a") return "x$nope";
    return std::nullopt;
  };
  const auto strict = [&](std::string_view text) {
    return config::expand(text, lookup, config::Undefined::fails);
  };
  CHECK(*config::expand("<$nope>", lookup) == "<>");
  CHECK(*strict("${nope?$nope}${nope:y}") == "y");
  for (const auto* text : {"$nope", "$(nope)", "$a", "${a?$nope}", "${{$nope} == {} ? {x}}"}) {
    CAPTURE(text);
    const auto expanded = strict(text);
    REQUIRE(!expanded);
    CHECK(expanded.error().kind == Errc::not_found);
    CHECK(expanded.error().text == "undefined name: nope");
  }
  CHECK(strict("$nope $").error().kind == Errc::invalid);
}

TEST_CASE("nesting has a limit") {
  const auto nested = [](int depth) {
    std::string text = "end";
    for (int i = 0; i < depth; ++i) text = concat("${a?{", text, "}}");
    return text;
  };
  CHECK(expanded(nested(kDeepestExpansion)) == "end");
  CHECK(expanded(nested(kDeepestExpansion + 1)).starts_with("error: unreasonable macro call nesting"));
  CHECK(expanded(nested(20'000)).starts_with("error: "));
}

TEST_CASE("an expansion that grows without end stops") {
  const auto doubling = [](std::string_view name) -> Result<std::optional<std::string>> {
    const auto next = concat("$", name, "x");
    return std::optional(name.size() < 60 ? next + next : std::string("text"));
  };
  const auto huge = expand("$x", doubling);
  REQUIRE_FALSE(huge);
  CHECK(huge.error().kind == Errc::too_long);
  CHECK(huge.error().text == "macro expansion is too large");

  const auto silent = [](std::string_view name) -> Result<std::optional<std::string>> {
    const auto next = concat("$", name, "x");
    return std::optional(name.size() < 60 ? next + next : std::string());
  };
  CHECK_FALSE(expand("$x", silent));
}

TEST_CASE("references are found wherever they are") {
  std::vector<std::string> names;
  each_reference("$a ${b} $(c) $$d ${e?{$f}:{${g}}} ${{$h} == {x} ? {$i} : {}} ${ j } $",
                 [&](std::string_view name) { names.emplace_back(name); });
  CHECK(names == std::vector<std::string>{"a", "b", "c", "e", "f", "g", "h", "i", "j"});
}

TEST_CASE("compatibility levels are compared number by number") {
  CHECK(*compare_levels("3.6", "3.10") < 0);
  CHECK(*compare_levels("3", "3.0.0") == 0);
  CHECK(*compare_levels("3.0.1", "3") > 0);
  for (const auto* bad : {"", "3.", "a", "3.6.1.2", "-1", ".5"}) CHECK_FALSE(compare_levels(bad, "1"));
}

TEST_CASE("words in braces stay together") {
  CHECK(*split_braced("a, b  {c, d} e{f g}h", kListSeparators) == List{"a", "b", "{c, d}", "e{f g}h"});
  CHECK(split_braced("  ", kListSeparators)->empty());
  CHECK(*split_braced("a}b {{x} y}", kBlanks) == List{"a}b", "{{x} y}"});
  CHECK_FALSE(split_braced("{a {b}", kBlanks));
  CHECK(*without_braces("{ a b }") == "a b");
  CHECK(*without_braces("{{a}}") == "{a}");
  CHECK(*without_braces("a{b}") == "a{b}");
  CHECK_FALSE(without_braces("{a}b"));
  CHECK_FALSE(without_braces("{a"));
}
