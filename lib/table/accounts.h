// The users of this host, read as a whole: the user database may be out of reach once a program is in its
// jail.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <unordered_map>

#include "lib/base/result.h"
#include "lib/table/memory_tables.h"

namespace postern::table {

struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string comment;
  std::string home;
  std::string shell;
  // The account as a line of passwd(5), with "x" for the password.
  std::string line() const;
};

class Accounts {
 public:
  // Asks getpwent(3) for all. Not for several threads at a time. /etc/passwd is watched (opening.h).
  static Accounts read();

  void add(Account account);
  // Nothing when there is no such user. Names are compared as they are.
  const Account* find(std::string_view name) const;
  const std::unordered_map<std::string, Account, TextHash, std::equal_to<>>& all() const { return by_name_; }

 private:
  std::unordered_map<std::string, Account, TextHash, std::equal_to<>> by_name_;
};

}  // namespace postern::table
