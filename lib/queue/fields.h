// The fields that a condition may ask for: their names, and where the database has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::queue {

enum class FieldKind {
  text,
  address,   // text; "<>" and MAILER-DAEMON are the null sender
  domain,    // what stands behind the last "@" of the column
  brackets,  // text whose angle brackets do not count
  number,
  size,      // bytes, with k, M or G
  duration,  // of microseconds
  date,      // wall microseconds
  id,        // a queue id in either form
  word,      // one of `words`, which stand for 0, 1, 2, …
};

struct Field {
  std::string_view name;
  std::string_view other;  // a second name, that of JSON listings; or empty
  FieldKind kind;
  bool of_recipient;
  // SQL over the rows m of message and r of recipient. "NOW" stands for the present time.
  std::string_view sql;
  std::string_view words = {};
  bool may_be_null = false;
};

// Null when no field has the name, in letters of either case.
const Field* find_field(std::string_view name);
// ": did you mean NAME?" for a name that is nearly one; or nothing.
std::string likely_field(std::string_view name);
// Its place among all, below 64.
std::size_t number_of(const Field& field);

// Which of a message's recipients count: those for whom it is still in the queue, as SQL over the row `r`.
inline constexpr std::string_view kWaiting = "r.state < 2";

}  // namespace postern::queue
