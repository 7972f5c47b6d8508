// Which messages of the queue: a condition on what is known of them, as an administrator writes it behind --where.
//
//   sender like "%@x.org" and age > 1h and not (recipient = "a@b" or reason contains "timeout")
//
// A term is FIELD OPERATOR VALUE; `docs/queue-commands.md` lists the fields. Operators are = != < <= > >= like glob contains
// in (...), each of the words also behind `not`. Terms are joined by and, or, not and parentheses. Letters of either case are
// the same. A term on a recipient is true when one of the message's recipients fits; terms on different fields of a recipient
// that are joined by `and` ask for one recipient that fits all of them.
//
// It becomes an SQL expression in which every value that somebody wrote is bound, none is text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/base/result.h"

namespace postern::queue {

constexpr std::size_t kLongestCondition = 4096;  // bytes
constexpr int kDeepestCondition = 12;            // parentheses and nots: SQLite has a stack of 100 for ours
constexpr std::size_t kMostTerms = 200;          // and values of lists

using Bound = std::variant<std::int64_t, std::string>;

class Condition {
 public:
  // True of every message.
  Condition() = default;

  // `now`, in wall microseconds, is what ages count from. An empty text is true of every message. Fails with invalid, which
  // says what was expected and where; with too_long.
  static Result<Condition> parse(std::string_view text, std::int64_t now);

  bool is_always() const { return values_.empty() && sql_ == "1"; }
  // An expression over a row `m` of the table message, with a `?` for each of values().
  const std::string& sql() const { return sql_; }
  const std::vector<Bound>& values() const { return values_; }

 private:
  std::string sql_ = "1";
  std::vector<Bound> values_;
};

}  // namespace postern::queue
