#include "support/showq/users.h"

#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/table/accounts.h"

namespace postern::showq {

namespace {

bool is_anybody(const config::List& words) { return words == config::List{"static:anyone"}; }

}  // namespace

Result<Users> Users::read(const config::QueueAccessParams& params) {
  Users users;
  const auto kind = table::MatchList::Kind::names;
  auto viewers = table::MatchList::parse(params.mailq_users.name(), *params.mailq_users, kind);
  if (!viewers) return fail(viewers.error());
  users.viewers_ = std::move(*viewers);
  auto flushers = table::MatchList::parse(params.flush_users.name(), *params.flush_users, kind);
  if (!flushers) return fail(flushers.error());
  users.flushers_ = std::move(*flushers);
  if (is_anybody(*params.mailq_users) && is_anybody(*params.flush_users)) return users;
  const auto accounts = table::Accounts::read();
  for (const auto& [name, account] : accounts.all()) users.names_.emplace(account.uid, name);
  return users;
}

std::string Users::name_of(uid_t user) const {
  const auto found = names_.find(user);
  return found == names_.end() ? "unknown" : found->second;
}

net::Task<std::string> Users::objection(uid_t user, Wish wish) const {
  if (user == 0 || user == ::geteuid()) co_return std::string();
  const std::string name = name_of(user);
  const table::MatchList& list = wish == Wish::view ? viewers_ : flushers_;
  auto listed = co_await list.matches(name);
  if (listed && *listed) co_return std::string();
  if (!listed) log_warning(listed.error().text);
  co_return concat("User ", name, "(", user, ") is not allowed to ", wish == Wish::view ? "view" : "flush",
                   " the mail queue");
}

}  // namespace postern::showq
