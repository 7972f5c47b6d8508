#include "deliver/common/mbox_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <functional>
#include <thread>

#include "lib/base/text.h"

namespace postern::deliver {

namespace {

// A lock of the open file, which also keeps out other threads of this process.
bool lock_record(int fd) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return ::fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

bool lock_file(int fd) { return ::flock(fd, LOCK_EX | LOCK_NB) == 0; }

void remove_stale(const std::string& dotlock, config::Seconds stale) {
  struct stat status {};
  if (::stat(dotlock.c_str(), &status) != 0) return;
  if (status.st_mtime + stale.count() < std::time(nullptr)) ::unlink(dotlock.c_str());
}

bool make_dotlock(const std::string& dotlock, config::Seconds stale) {
  const Fd fd(::open(dotlock.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  int number = errno;
  if (fd) {
    const auto written = write_all(fd.get(), concat(::getpid(), "\n"), dotlock);
    if (written) return true;
    number = written.error().sys;
    ::unlink(dotlock.c_str());
  } else if (number == EEXIST) {
    remove_stale(dotlock, stale);
  }
  errno = number;
  return false;
}

bool is_taken(int number) {
  return number == EEXIST || number == EAGAIN || number == EACCES || number == EINTR;
}

// Tries until it succeeds, or for as long as the rules say; 0, or the last errno.
int insist(const LockRules& rules, const std::function<bool()>& lock, bool (*again)(int)) {
  for (int attempt = 1;; ++attempt) {
    if (lock()) return 0;
    const int number = errno;
    if (!again(number) || attempt >= rules.attempts) return number;
    std::this_thread::sleep_for(rules.delay);
  }
}

}  // namespace

Result<LockRules> read_lock_rules(const config::List& methods, const config::MailboxParams& params) {
  LockRules rules;
  rules.attempts = *params.deliver_lock_attempts;
  rules.delay = *params.deliver_lock_delay;
  rules.stale = *params.stale_lock_time;
  rules.own_only = *params.strict_mailbox_ownership;
  rules.fcntl = rules.dotlock = false;
  for (const auto& word : methods) {
    if (word == "fcntl") {
      rules.fcntl = true;
    } else if (word == "flock") {
      rules.flock = true;
    } else if (word == "dotlock") {
      rules.dotlock = true;
    } else {
      return fail(Errc::invalid,
                  concat("unknown mailbox lock \"", word, "\": expected fcntl, flock or dotlock"));
    }
  }
  return rules;
}

Result<MboxLock> MboxLock::take(int fd, const std::string& path, const LockRules& rules) {
  const auto refused = [&](int number) {
    return fail_errno(concat("unable to lock for exclusive access: ", path), number);
  };
  std::string dotlock;
  if (rules.dotlock) {
    dotlock = path + ".lock";
    const auto make = [&] { return make_dotlock(dotlock, rules.stale); };
    const int number = insist(rules, make, [](int problem) { return problem == EEXIST; });
    const bool forbidden = number == EACCES || number == EPERM || number == EROFS;
    if (forbidden && (rules.fcntl || rules.flock)) dotlock.clear();
    if (number != 0 && !dotlock.empty()) return refused(number);
  }
  MboxLock lock(std::move(dotlock));
  int number = 0;
  if (rules.fcntl)
    number = insist(
        rules, [fd] { return lock_record(fd); }, is_taken);
  if (number == 0 && rules.flock)
    number = insist(
        rules, [fd] { return lock_file(fd); }, is_taken);
  if (number != 0) return refused(number);
  return lock;
}

MboxLock::~MboxLock() {
  if (!dotlock_.empty()) ::unlink(dotlock_.c_str());
}

}  // namespace postern::deliver
