// The rights of a recipient, for one thread at a time. In a program that does not run as root everything happens with
// its own rights, and this does nothing.
#pragma once

#include <sys/types.h>

#include <optional>

#include "lib/base/result.h"

namespace postern::deliver {

struct Owner {
  uid_t uid = 0;
  gid_t gid = 0;
  bool operator==(const Owner&) const = default;
};

// Takes the effective user, group and groups of an owner for the calling thread alone, and gives them back at its
// end. The saved ids stay root's: that is the way back. The system calls are made directly, because the functions
// of the C library change all threads of the process.
class ThreadIdentity {
 public:
  ThreadIdentity();
  // A thread that cannot become root again must not go on: the process ends.
  ~ThreadIdentity() { restore(); }
  ThreadIdentity(const ThreadIdentity&) = delete;
  ThreadIdentity& operator=(const ThreadIdentity&) = delete;

  // From here on the thread acts as this owner. Fails with denied, and is root then.
  Result<void> become(Owner owner);
  // Acts as root again.
  void restore();

 private:
  bool is_root_;
  std::optional<Owner> now_;
};

}  // namespace postern::deliver
