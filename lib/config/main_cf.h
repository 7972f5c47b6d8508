// main.cf, every byte kept: comments, folding, order, a missing final newline. An edit changes only what it
// names.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/lines.h"

namespace postern::config {

struct Entry {
  std::string name;
  std::string value;     // as Postfix joins it: lines run together, indentation kept, trimmed at both ends
  std::size_t line = 0;  // of its first physical line, from 1
};

// Splits "name = value", white space around both trimmed. Fails with invalid: missing attribute name, or
// missing
// '=' after attribute name. Used for main.cf, for `-o` and for the arguments of postconf.
Result<std::pair<std::string, std::string>> split_setting(std::string_view text);

class MainCf {
 public:
  MainCf() = default;

  // Fails with invalid: "PATH, line N: missing '=' after attribute name: "TEXT"" and the like.
  static Result<MainCf> parse(std::string text, std::string path = "main.cf");
  // Also fails as read_file does.
  static Result<MainCf> read(const std::string& path);

  const std::string& path() const { return path_; }
  const std::vector<Entry>& entries() const { return entries_; }
  // The entry in force: of several with one name the last. Null when there is none.
  const Entry* find(std::string_view name) const;
  // "PATH, line N: overriding earlier entry: n=v", for each value that a later entry replaces by another.
  const std::vector<std::string>& warnings() const { return warnings_; }
  std::string text() const { return lines_.text(); }

  // Rewrites every entry of that name as "name = value" on its first line, drops its continuation lines,
  // keeps the comments between them; appends a new name at the end. Fails with invalid on a name that is
  // empty, starts with
  // '#', or holds '=' or white space, and on a value with a line break or NUL; then nothing has changed.
  Result<void> set(std::string_view name, std::string_view value);
  // Remove all lines of every entry of that name, or put '#' in front of them. How many entries that was.
  std::size_t remove(std::string_view name);
  std::size_t comment_out(std::string_view name);

 private:
  Result<void> index();
  // The logical lines of that name, last first.
  std::vector<Logical> named(std::string_view name) const;

  std::string path_;
  Lines lines_;
  std::vector<Entry> entries_;
  std::vector<std::string> warnings_;
};

}  // namespace postern::config
