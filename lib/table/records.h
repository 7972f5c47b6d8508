// The two forms of a table's text: "key value" of postmap(5), and "name: value" of aliases(5).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "lib/table/source.h"

namespace postern::table {

struct Record {
  std::string key;         // in the letters that it was written in
  std::string_view value;  // good for the call only
  std::string where;       // "PATH, line N"
};
struct TakeRecords {
  std::function<void(Record record)> take;
  // A line that gives no record: it is reported too. The key as far as it can be told, or "".
  std::function<void(const std::string& key, const std::string& mistake)> broken;
  Report report;
};

// "key value", "\"key with blanks\" value": the quotes stay, as in an address that is quoted; in them a backslash hides
// the next character. `report` is told of each
// line that is not of this form, "PATH, line N: … -- ignoring this line", and of what looks like an alias file.
void read_pairs(std::string_view text, std::string_view path, const TakeRecords& to);

// "name: value, value", the name without quotes: the values are trimmed and joined by ", ". A name with '@' is refused.
void read_aliases(std::string_view text, std::string_view path, const TakeRecords& to);

// True when some line begins with a name and a colon, as no table of the other form does: who reads a table instead of what postmap or postalias made of it
// has to know which of them it was for.
bool looks_like_aliases(std::string_view text);

}  // namespace postern::table
