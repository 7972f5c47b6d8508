#include "commands/postmap/owner.h"

#include <grp.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "lib/base/text.h"

namespace postern::postmap {

Result<Owner> Owner::become(const std::string& built, const struct stat& source, bool keep_root) {
  Owner owner;
  if (::geteuid() != 0 || source.st_uid == 0 || keep_root) return owner;
  const auto parent = std::filesystem::path(built).parent_path();
  const std::string folder = parent.empty() ? std::string(1, '.') : parent.string();
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return fail_errno(concat("stat ", folder), errno);
  owner.writes_as_root_ = status.st_uid == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  if (::setgroups(0, nullptr) != 0 || ::setegid(source.st_gid) != 0 || ::seteuid(source.st_uid) != 0) {
    return fail_errno(concat("become user ", source.st_uid), errno);
  }
  owner.became_ = true;
  return owner;
}

void Owner::back() {
  if (!became_) return;
  became_ = false;
  if (::seteuid(0) != 0 || ::setegid(0) != 0) std::abort();
}

}  // namespace postern::postmap
