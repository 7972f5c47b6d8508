// Templates of tables that are kept in a database (sqlite_table(5)): text with %s %u %d for the whole, the user's and the
// domain's part of a key or a result, %S %U %D for those of the key in a result, %1 to %9 for the labels of the key's
// domain from the right, and %% for a percent sign.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace postern::table {

class QueryTemplate {
 public:
  // Fails with invalid: "invalid query template: "TEXT"", an unknown letter behind '%'.
  static Result<QueryTemplate> parse(std::string text);

  using Quote = std::function<std::string(std::string_view)>;
  // Fills in parts of a value; each is quoted first. Nothing when the value, or the key behind it, lacks a part that
  // is asked for: then there is no such query, or no such result.
  std::optional<std::string> fill(std::string_view value, std::string_view key, const Quote& quote) const;

 private:
  std::string text_;
};

}  // namespace postern::table
