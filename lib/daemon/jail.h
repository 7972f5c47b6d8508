// The jail of a child: the parts in the order in which they are entered. Each can be used, and tested, alone.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/daemon/confinement.h"
#include "lib/daemon/rights.h"

namespace postern::daemon {

// A user as found in the user database, with all groups, so that the database need not be there after chroot.
struct Identity {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};
Result<Identity> find_identity(const std::string& user);

// Becomes the user for good: groups, group, user. Fails with denied when the kernel refuses or when the way
// back is still open afterwards. The user must not be root.
Result<void> become(const Identity& identity);

// Makes a directory the root, and the current directory.
Result<void> change_root(const std::string& directory);

// Landlock, in two steps: what it allows is opened while paths can still be named, and it is put into force
// later.
class Fence {
 public:
  // The version of Landlock in this kernel; 0 when there is none.
  static int version();
  // Paths are taken relative to the current directory. Nothing is done on a kernel without Landlock.
  static Result<Fence> build(const Rights& rights);
  // Needs no_new_privileges() first. For this thread and those it starts.
  Result<void> close() const;

 private:
  Fd ruleset_;
};

// No execve gives rights any more, for this process and all it starts.
Result<void> no_new_privileges();

// Allows the system calls that the rights need, for all threads; any other fails with EPERM.
Result<void> allow_system_calls(const Rights& rights);

struct JailPlan {
  std::string directory;               // becomes current, and the root if `chroot`
  bool chroot = false;                 // both only as root
  const Identity* identity = nullptr;  // or nobody
  bool filter = true;                  // capabilities, no-new-privs, Landlock, seccomp
  Rights rights{};
};

// Enters the jail, in this order: what Landlock allows is opened, the bounding set of capabilities, root directory,
// groups, group, user, capabilities, no-new-privs, Landlock, system calls. Without root, chroot and change of user
// are left out; a program that starts commands keeps what these would inherit: there is neither bounding set nor
// no-new-privs nor filter. A build with sanitizers has no filter of system calls, since these need more of them.
Result<Confinement> enter_jail(const JailPlan& plan);

}  // namespace postern::daemon
