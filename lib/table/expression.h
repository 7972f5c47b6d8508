// A regular expression, of POSIX or of PCRE.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/table/replacement.h"

namespace postern::table {

class Expression {
 public:
  virtual ~Expression() = default;
  // Does it match? If so, `captures` views the subject's parts. Fails with busy when the matcher gives up.
  virtual Result<bool> match(std::string_view subject, Captures& captures) const = 0;
  // The pairs of parentheses.
  virtual std::size_t groups() const = 0;
};

// Both ignore case at first. Fail with invalid: the library's text, or "unknown … option "X"".
// Options of regexp_table(5): i x m toggle REG_ICASE, REG_EXTENDED (on) and REG_NEWLINE.
Result<std::unique_ptr<Expression>> compile_posix(const std::string& pattern, std::string_view options);
// Options of pcre_table(5): i m s x A E U X. Time and memory of a match are bounded.
Result<std::unique_ptr<Expression>> compile_pcre(const std::string& pattern, std::string_view options);

}  // namespace postern::table
