// The locks of a mailbox file: against other programs, other processes of ours, and other threads of this one.
#pragma once

#include <string>
#include <utility>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/config/params/local_params.h"

namespace postern::deliver {

// mailbox_delivery_lock, deliver_lock_attempts, deliver_lock_delay, stale_lock_time; strict_mailbox_ownership.
struct LockRules {
  bool fcntl = true;
  bool flock = false;
  bool dotlock = true;
  int attempts = 20;
  config::Seconds delay{1};
  config::Seconds stale{500};
  bool own_only = true;  // a mailbox file has to belong to the recipient
};
// The rules from their parameters; `methods` is mailbox_delivery_lock or virtual_mailbox_lock. Fails with invalid on
// a method that there is not.
Result<LockRules> read_lock_rules(const config::List& methods, const config::MailboxParams& params);

// Holds the locks of one open mailbox file; they go with it, and with its descriptor.
class MboxLock {
 public:
  // Waits in the calling thread, `attempts` times `delay`. A dotlock that may not be made there is done without when
  // the kernel's locks are asked for as well. Fails with busy, or why a lock cannot be had.
  static Result<MboxLock> take(int fd, const std::string& path, const LockRules& rules);
  MboxLock(MboxLock&& other) noexcept : dotlock_(std::exchange(other.dotlock_, {})) {}
  MboxLock& operator=(MboxLock&&) = delete;
  ~MboxLock();

 private:
  explicit MboxLock(std::string dotlock) : dotlock_(std::move(dotlock)) {}
  std::string dotlock_;  // PATH.lock, to be removed; or empty
};

}  // namespace postern::deliver
