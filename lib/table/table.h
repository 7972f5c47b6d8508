// A lookup table: a key gives a value, or nothing, or the table cannot answer now. Named TYPE:NAME as in
// Postfix. Keys are folded to lower case (ASCII) by tables of fixed keys, but not by environ: and not by what asks a
// server.
//
//   static:VALUE               every key gives VALUE (static:{ words } may hold blanks)
//   inline:{ k=v, { k = v } }  pairs in place
//   texthash:PATH              a file of postmap(5) form, read when it is opened
//   hash:PATH, btree:PATH      PATH.db, which postmap and postalias write: an LMDB file; without it, PATH itself
//   lmdb:PATH                  PATH.lmdb, the same
//   regexp:PATH, pcre:PATH     rules with regular expressions, in a file or in place: { {/x/ y}, ... }
//   cidr:PATH                  rules with networks, in a file or in place
//   sqlite:PATH                a database, as the parameters in PATH (or in main.cf: sqlite:PREFIX) say
//   unix:passwd.byname         users, as lines of passwd(5); unix:group.byname the same for groups
//   environ:                   environment variables
//   unionmap:{ T:N, T:N }      the values of all of these tables, joined by commas
//   pipemap:{ T:N, T:N }       the value of the first is the key for the second
//   randmap:{ v, v }           one of the values, by chance
//   socketmap:inet:HOST:PORT:MAP, socketmap:unix:PATH:MAP, tcp:HOST:PORT   a server is asked
//   fail:TEXT                  every lookup fails with TEXT
//   debug:TYPE:NAME            the same as TYPE:NAME; each lookup is logged
//   proxy:TYPE:NAME            the same as TYPE:NAME
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/net/task.h"

namespace postern::table {

// The value; nothing when the table does not have the key; a failure when it cannot say: try again later.
using Found = Result<std::optional<std::string>>;
using Records = std::vector<std::pair<std::string, std::string>>;

// What a table compares a key with. Tables of patterns are asked for a whole address, name or network address only,
// never for a part of it.
enum class KeyForm { fixed, pattern };

class Table {
 public:
  explicit Table(std::string name, KeyForm form = KeyForm::fixed) : name_(std::move(name)), form_(form) {}
  virtual ~Table() = default;
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // The key must live until the task has ended. One that waits for a server fails at a deadline of its own.
  virtual net::Task<Found> lookup(std::string_view key) = 0;
  // All that is in it, in no special order. Fails with invalid when such a table has no list of its keys.
  virtual Result<Records> all() const;
  // As it was opened: "texthash:/etc/postern/transport".
  const std::string& name() const { return name_; }
  KeyForm form() const { return form_; }

 private:
  std::string name_;
  KeyForm form_;
};

// Opens a table. Fails with invalid (no "TYPE:", a type that is not supported, a syntax error), or as opening its
// file does. A mistake in one line of a file is reported (opening.h) with file and line; lookups that come to
// that line fail.
Result<std::unique_ptr<Table>> open(std::string_view type_colon_name);

// The same, but a table that cannot be opened is reported, with the parameter that names it, and a table all of whose
// lookups fail stands for it: "TYPE:NAME is unavailable. REASON".
std::unique_ptr<Table> open_or_defer(std::string_view type_colon_name, std::string_view parameter);
// What open_or_defer() does with a failure.
std::unique_ptr<Table> defer(std::string_view type_colon_name, std::string_view parameter, const Error& why);

// "TYPE:NAME lookup error for "KEY": TEXT"
std::string lookup_error(const Table& table, std::string_view key, std::string_view text);

// A type of table that this or another mail system knows.
struct Type {
  std::string_view name;
  bool is_file = false;      // its argument is a path
  std::string_view built{};  // what postmap writes: the suffix of the file, ".db"
  Result<std::unique_ptr<Table>> (*open)(std::string name,
                                         std::string_view argument) = nullptr;  // or not supported
};
// Sorted by name.
std::span<const Type> types();
const Type* find_type(std::string_view name);

// A table's name in its parts, without "proxy:" and "debug:". Both are empty when there is no colon.
struct Parts {
  std::string_view type;
  std::string_view argument;
};
Parts split_name(std::string_view type_colon_name);

// True when open() knows the type.
bool is_supported(std::string_view type_colon_name);

}  // namespace postern::table
