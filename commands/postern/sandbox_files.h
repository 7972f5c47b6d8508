// The files of a sandbox: its directories, main.cf and master.cf.
#pragma once

#include <sys/types.h>

#include <string>

#include "lib/base/result.h"
#include "lib/config/settings.h"

namespace postern::commands {

// Who the services run as.
struct SandboxOwner {
  bool root = false;  // started by root: with change of user and root directory
  std::string user, group;
  uid_t uid = 0;
  gid_t gid = 0;
};
// As root: the user postern, or nobody where there is none. Otherwise ourselves. Fails with not_found.
Result<SandboxOwner> sandbox_owner();

struct SandboxFiles {
  std::string directory, programs, domain;
  SandboxOwner owner;
  unsigned port = 0;
  bool screen = false;  // in front of smtpd
  config::Pairs settings;
};

std::string sandbox_main_cf(const SandboxFiles& files);
std::string sandbox_master_cf(const SandboxFiles& files);

// Makes etc/, mail/ with its three directories, and both files. Fails as mkdir and replace_file.
Result<void> write_sandbox(const SandboxFiles& files);

// The port in DIRECTORY/etc/master.cf: of its first inet service.
Result<unsigned> sandbox_port(const std::string& directory);

}  // namespace postern::commands
