// The tables that one parameter names ("virtual_mailbox_maps = texthash:/a, texthash:/b"), asked in order.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/words.h"
#include "lib/net/task.h"
#include "lib/table/table.h"

namespace postern::table {

// What an address lookup found.
struct Match {
  std::string value;
  std::string key;        // that had it: "ann@example.com", "ann", "@example.com"
  std::string extension;  // of the address, with its delimiter, when the key left it out: "+list"
};

// Which keys an address lookup tries. Both: user+extension@domain, user@domain, and at last @domain; with
// `bare_user` user+extension and user come before that, for a domain that is ours.
enum class AddressKeys { full, bare_user };

// The keys in their order, each with the extension that it leaves out. An address without domain gives the
// bare user's keys only.
std::vector<Match> address_keys(std::string_view address, std::string_view delimiters, AddressKeys which);

class Maps {
 public:
  Maps() = default;
  // Opens the tables of a parameter's value, separated by blanks or commas outside { }. Fails with invalid, the
  // parameter's name in front, when the value has no form; a table that cannot be opened is reported, and its lookups
  // fail (open_or_defer).
  static Result<Maps> open(std::string_view parameter, std::string_view value);
  // The same for words that were already split.
  static Result<Maps> open(std::string_view parameter, const config::List& words);

  bool empty() const { return tables_.empty(); }

  // A key is the whole of what is looked up, or a part of it ("@example.com", a parent domain), for which tables of
  // patterns are not asked.
  enum class Key { whole, part };

  // The value of the first table that has the key. Fails when a table that is asked fails: "TYPE:NAME lookup
  // error for "KEY": …"; that is a temporary failure. An empty value is one too, as in Postfix. The key must live
  // until the task has ended.
  net::Task<Found> lookup(std::string_view key, Key kind = Key::whole) const;

  // The first key of the address that some table has. Tables of patterns see the whole address once. `delimiters` is
  // recipient_delimiter.
  net::Task<Result<std::optional<Match>>> lookup_address(std::string_view address,
                                                         std::string_view delimiters,
                                                         AddressKeys which) const;

 private:
  std::vector<std::unique_ptr<Table>> tables_;
};

}  // namespace postern::table
