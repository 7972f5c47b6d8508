// What a rule with a regular expression gives: text with $1, ${1} or $(1) for what the expression's parentheses
// matched, and $$ for a dollar.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace postern::table {

// What was matched: all of it, then what each pair of parentheses did; empty where one took no part.
using Captures = std::vector<std::string_view>;

class Replacement {
 public:
  // Fails with invalid: a name that is no number, "out of range replacement index "0"", braces that do not close.
  static Result<Replacement> parse(std::string_view text);

  // The largest number that occurs; 0 when none does.
  std::size_t highest() const { return highest_; }
  std::string fill(const Captures& captures) const;

 private:
  struct Part {
    std::string text;
    std::size_t index = 0;  // follows the text, unless it is 0
  };
  std::vector<Part> parts_;
  std::size_t highest_ = 0;
};

}  // namespace postern::table
