// Which users may look at the queue, and which may have it tried: authorized_mailq_users, authorized_flush_users.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>

#include "lib/config/params/queue_access_params.h"
#include "lib/net/task.h"
#include "lib/table/match_list.h"

namespace postern::showq {

enum class Wish { view, flush };

class Users {
 public:
  // Reads the accounts of this host when they matter: in the jail they cannot be asked for. Fails as
  // MatchList::parse.
  static Result<Users> read(const config::QueueAccessParams& params);

  // Empty when the user may: root and whom we run as (mail_owner) always, others as the list of the wish says. Otherwise the reason.
  net::Task<std::string> objection(uid_t user, Wish wish) const;

 private:
  std::string name_of(uid_t user) const;

  std::map<uid_t, std::string> names_;
  table::MatchList viewers_, flushers_;
};

}  // namespace postern::showq
