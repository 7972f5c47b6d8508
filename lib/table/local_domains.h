// The domains of this host: those that mydestination lists, and its addresses as literals.
#pragma once

#include <optional>
#include <string_view>

#include "lib/base/result.h"
#include "lib/config/host_facts.h"
#include "lib/config/settings.h"
#include "lib/net/task.h"
#include "lib/table/match_list.h"

namespace postern::table {

class LocalDomains {
 public:
  LocalDomains() = default;
  // Reads mydestination, inet_interfaces and proxy_interfaces. Fails as MatchList::parse.
  static Result<LocalDomains> open(const config::Settings& settings, const config::HostFacts& host);

  // The answer, if no table has to be asked for it. A final dot of the domain does not count.
  std::optional<bool> matches_now(std::string_view domain) const;
  // The answer. Fails when a table fails: a temporary failure. The domain must live until the task has ended.
  net::Task<Result<bool>> matches(std::string_view domain) const;

 private:
  bool is_own_literal(std::string_view domain) const;

  MatchList addresses_, names_;
};

// The domain of an address, behind its last '@'; empty when it has none.
std::string_view domain_of(std::string_view address);
std::string_view without_final_dot(std::string_view domain);

}  // namespace postern::table
