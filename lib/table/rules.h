// regexp: and pcre: tables: rules in order, each with an expression, "!" for not, if and endif around some of them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/table/expression.h"
#include "lib/table/memory_tables.h"
#include "lib/table/nesting.h"

namespace postern::table {

using Compile = Result<std::unique_ptr<Expression>> (*)(const std::string& pattern, std::string_view options);

class Rules : public MemoryTable {
 public:
  Rules(std::string name, Compile compile)
      : MemoryTable(std::move(name), KeyForm::pattern), compile_(compile) {}
  // Reports each mistake. A rule with one fails the lookups that come to it: it might have matched.
  void read(const std::vector<SourceRule>& source, std::string_view type);

 private:
  using Kind = RuleKind;
  struct Rule : RuleBase {
    std::unique_ptr<Expression> expression;
    Replacement replacement;
  };

  Found find(std::string_view key) const override;
  Result<Rule> parse(std::string_view line, std::string& note) const;
  Result<Rule> parse_pattern(std::string_view& line) const;
  Result<void> give(Rule& rule, std::string_view replacement, std::string& note) const;

  Compile compile_;
  std::vector<Rule> rules_;
  mutable Captures captures_;
};

}  // namespace postern::table
