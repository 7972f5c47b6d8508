// A lookup table: a key gives a value, or nothing, or the table cannot answer now. Named TYPE:NAME as in
// Postfix. Keys are folded to lower case (ASCII) by all types but environ.
//
//   static:VALUE               every key gives VALUE (static:{ words } may hold blanks)
//   inline:{ k=v, { k = v } }  pairs in place
//   texthash:PATH              a file of postmap(5) form, read when it is opened
//   unix:passwd.byname         users, as lines of passwd(5); unix:group.byname the same for groups
//   environ:                   environment variables
//   fail:TEXT                  every lookup fails with TEXT
//   proxy:TYPE:NAME            the same as TYPE:NAME
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/net/task.h"

namespace postern::table {

// The value; nothing when the table does not have the key; a failure when it cannot say: try again later.
using Found = Result<std::optional<std::string>>;

class Table {
 public:
  explicit Table(std::string name) : name_(std::move(name)) {}
  virtual ~Table() = default;
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // The key must live until the task has ended.
  virtual net::Task<Found> lookup(std::string_view key) = 0;
  // As it was opened: "texthash:/etc/postern/transport".
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

// Opens a table. Fails with invalid (no "TYPE:", a type that is not supported, a syntax error: "PATH, line N:
// …"), or as opening its file does.
Result<std::unique_ptr<Table>> open(std::string_view type_colon_name);

// True when open() knows the type.
bool is_supported(std::string_view type_colon_name);

}  // namespace postern::table
