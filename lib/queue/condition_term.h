// One term of a condition as SQL: FIELD OPERATOR VALUE.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/queue/condition.h"
#include "lib/queue/fields.h"

namespace postern::queue {

enum class Operation { equal, less, at_most, more, at_least, like, glob, contains, in };

inline constexpr std::string_view kOperators = "= != < <= > >= like glob contains in";
inline constexpr std::pair<std::string_view, Operation> kWordOperations[] = {
    {"like", Operation::like},
    {"glob", Operation::glob},
    {"contains", Operation::contains},
    {"in", Operation::in}};
// Longer signs first. What begins with "!" is the opposite.
inline constexpr std::pair<std::string_view, Operation> kSignOperations[] = {
    {"==", Operation::equal},   {"=", Operation::equal},     {"!=", Operation::equal},
    {"<=", Operation::at_most}, {">=", Operation::at_least}, {"<", Operation::less},
    {">", Operation::more}};

// SQL with its values, over a message m, or a recipient r of it.
struct Piece {
  std::string sql;
  std::vector<Bound> values = {};
  std::uint64_t recipient_fields =
      0;  // the recipient's fields that it asks for, a bit each; 0: it is on the message
};

// Fails with invalid: what is wrong with the operator or a value of that field.
Result<Piece> term_on(const Field& field, Operation operation, const std::vector<std::string>& values,
                      std::int64_t now);

}  // namespace postern::queue
