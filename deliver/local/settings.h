// What main.cf says to local, read and opened before the jail.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deliver/common/mbox_lock.h"
#include "lib/base/time.h"
#include "lib/config/params/local_params.h"
#include "lib/config/settings.h"
#include "lib/table/accounts.h"
#include "lib/table/maps.h"

namespace postern::deliver {

// One table of alias_maps.
struct AliasTable {
  std::string name;  // as it is configured
  table::Maps maps;
  bool is_there = true;                 // false: it could not be opened, mail waits
  std::optional<table::Account> owner;  // who owns the file, if that is not root
  bool knows_owner = true;              // false: the owner of the file has no account
};

// Where a destination was found.
enum class FoundIn { envelope, alias, forward, include };

struct LocalSettings {
  config::LocalParams params;
  LockRules locks;
  std::string host;
  std::string origin;
  std::string delimiter;
  std::vector<AliasTable> aliases;
  table::Maps mailbox_commands, mailbox_transports, fallback_transports;
  table::Account nobody;  // default_privs
  std::vector<std::string> environment;
  Duration command_limit{};
  Duration ask_limit{};             // of a question to another program
  std::size_t duplicate_limit = 0;  // 0: none
  bool propagate_alias = false, propagate_forward = false, propagate_include = false;
  bool delivered_to_command = false, delivered_to_file = false, delivered_to_forward = false;

  // Fails with the first error, which names the parameter.
  Result<void> read(const config::Settings& settings);
  bool allows_commands(FoundIn place) const { return allows(*params.allow_mail_to_commands, place); }
  bool allows_files(FoundIn place) const { return allows(*params.allow_mail_to_files, place); }

 private:
  static bool allows(const config::List& places, FoundIn place);
  Result<void> read_texts(const config::Settings& settings);
  Result<void> open_tables(const config::Settings& settings);
  void open_aliases(const config::List& names);
};

// Asks the user database itself, for an account that may be younger than this process. Fails when the database does.
Result<std::optional<table::Account>> ask_for_user(const std::string& name);
Result<std::optional<table::Account>> ask_for_user(uid_t uid);

}  // namespace postern::deliver
