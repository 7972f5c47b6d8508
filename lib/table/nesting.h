// Rules in order, some of them between "if" and "endif": what regexp:, pcre: and cidr: tables have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/text.h"
#include "lib/table/opening.h"
#include "lib/table/source.h"

namespace postern::table {

enum class RuleKind { result, block, end, broken };

// What each kind of rule has.
struct RuleBase {
  RuleKind kind = RuleKind::result;
  bool negated = false;
  std::size_t end = 0;  // of a block: its endif, or behind the last rule
  std::string mistake;  // of a broken rule: with its place
};

// Reads rules with `parse(text, note)`, a Result of a rule derived from RuleBase; a note is a warning. Reports each
// mistake. A rule with one stays, as broken: it fails the lookups that come to it, since it might have matched.
template <class Rule, class Parse>
std::vector<Rule> nested_rules(const std::vector<SourceRule>& source, std::string_view type, Parse parse) {
  std::vector<Rule> rules;
  std::vector<std::size_t> blocks;
  for (const auto& [text, where] : source) {
    std::string note;
    auto rule = parse(text, note);
    const auto place = concat(type, " map ", where, ": ");
    if (!note.empty()) Opening::report(Trouble::warning, place + note);
    if (!rule) {
      const auto mistake = place + rule.error().text;
      Opening::report(Trouble::mistake, mistake);
      rule = Rule();
      rule->kind = RuleKind::broken;
      rule->mistake = mistake;
      if (behind_word(text, "if")) blocks.push_back(rules.size());
    } else if (rule->kind == RuleKind::block) {
      blocks.push_back(rules.size());
    } else if (rule->kind == RuleKind::end && blocks.empty()) {
      Opening::report(Trouble::warning, place + "ignoring ENDIF without matching IF");
    } else if (rule->kind == RuleKind::end) {
      rules[blocks.back()].end = rules.size();
      blocks.pop_back();
    }
    rules.push_back(std::move(*rule));
  }
  for (const auto block : blocks) {
    rules[block].end = rules.size();
    Opening::report(Trouble::warning,
                    concat(type, " map ", source[block].where, ": IF has no matching ENDIF"));
  }
  return rules;
}

}  // namespace postern::table
