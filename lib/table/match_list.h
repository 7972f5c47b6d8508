// Lists that a name or an address is on or not: mydestination, relay_domains, mynetworks. An entry is a name,
// a network, `/file` (its words are entries), `type:table` (on the list when the table has the key), or any
// of these after '!': not on the list. The first entry that matches decides.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/words.h"
#include "lib/net/task.h"
#include "lib/table/network.h"
#include "lib/table/table.h"

namespace postern::table {

class MatchList {
 public:
  enum class Kind {
    names,                // an entry is one name: mydestination, virtual_mailbox_domains
    domains,              // and ".example.com" is every name below it
    domains_and_parents,  // "example.com" is itself and every name below it
    addresses,            // "192.0.2.0/24", "[2001:db8::]/32", "192.0.2.1", "2001:db8::1"
  };

  MatchList() = default;
  // What happens at a table or file that cannot be opened.
  enum class Broken { defer, refuse };
  // From the words of a parameter's value. Fails with "PARAMETER: …", naming the entry: invalid for a network
  // with bits beyond its prefix or of no known form. A file or a table that cannot be opened is reported, and
  // matches() fails when it comes to it; or parse() fails.
  static Result<MatchList> parse(std::string_view parameter, const config::List& words, Kind kind,
                                 Broken broken = Broken::defer);

  bool empty() const { return entries_.empty(); }

  // The answer, if no table has to be asked for it. Does not allocate. An address is in numbers, as
  // net::Endpoint gives it; letters may be in either case.
  std::optional<bool> matches_now(std::string_view subject) const;

  // The answer. Fails when a table fails, naming it: a temporary failure. The subject must live until the
  // task has ended.
  net::Task<Result<bool>> matches(std::string_view subject) const;

 private:
  struct FoldedHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const;
  };
  struct FoldedEqual {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const;
  };
  // Entries in a row that say the same are one: sets of names and of networks, or a table.
  struct Entry {
    bool on_list = true;
    std::unordered_set<std::string, FoldedHash, FoldedEqual> names;
    std::vector<Network> networks;
    std::unique_ptr<Table> table;
  };

  Result<void> add_words(const config::List& words, int depth);
  Result<void> add(std::string_view word, int depth);
  Result<void> add_file(const std::string& path, bool on_list, int depth);
  Result<void> add_table(bool on_list, Result<std::unique_ptr<Table>> table, std::string_view name);
  Entry& entry_for(bool on_list);
  bool holds_name(const Entry& entry, std::string_view name) const;
  std::optional<std::string_view> broader(std::string_view name) const;
  std::optional<bool> scan(std::string_view subject, std::size_t& at) const;
  net::Task<Found> ask(Table& table, std::string_view subject) const;

  Kind kind_ = Kind::names;
  Broken broken_ = Broken::defer;
  std::string parameter_;
  bool negating_ = false;  // while a file that stands after '!' is read
  std::vector<Entry> entries_;
};

// Domains, or domains_and_parents when the parameter is named in parent_domain_matches_subdomains.
MatchList::Kind domain_kind(std::string_view parameter, const config::List& parent_domain_matches_subdomains);

}  // namespace postern::table
