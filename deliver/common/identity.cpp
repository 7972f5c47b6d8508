#include "deliver/common/identity.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "lib/base/text.h"

namespace postern::deliver {

namespace {

constexpr auto kKeep = static_cast<unsigned>(-1);

bool set_user(uid_t uid) { return ::syscall(SYS_setresuid, kKeep, uid, kKeep) == 0; }

bool set_groups(gid_t gid) {
  const gid_t groups[] = {gid};
  return ::syscall(SYS_setgroups, 1, groups) == 0 && ::syscall(SYS_setresgid, kKeep, gid, kKeep) == 0;
}

}  // namespace

ThreadIdentity::ThreadIdentity() : is_root_(::geteuid() == 0) {}

Result<void> ThreadIdentity::become(Owner owner) {
  if (!is_root_ || now_ == owner) return {};
  restore();
  now_ = owner;
  if (set_groups(owner.gid) && set_user(owner.uid)) return {};
  const int number = errno;
  restore();
  return fail_errno(concat("become user ", owner.uid, " group ", owner.gid), number);
}

void ThreadIdentity::restore() {
  if (!now_) return;
  now_.reset();
  if (!set_user(0) || !set_groups(0)) std::abort();
}

}  // namespace postern::deliver
