#include "master/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/exec.h"
#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/daemon/contract.h"

namespace postern::master {

namespace {

class Actions {
 public:
  Actions() { ::posix_spawn_file_actions_init(&actions_); }
  ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  void give(int from, int to) { ::posix_spawn_file_actions_adddup2(&actions_, from, to); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class Attributes {
 public:
  Attributes() {
    ::posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

}  // namespace

Result<pid_t> start_program(const Start& start) {
  // A source among the targets could be overwritten before its turn: it is moved out of their way first.
  const int behind = daemon::kLogDescriptor + static_cast<int>(start.descriptors.size());
  std::vector<Fd> moved;
  Actions actions;
  if (start.errors >= 0) actions.give(start.errors, STDERR_FILENO);
  int target = daemon::kLogDescriptor;
  for (const int source : start.descriptors) {
    const int to = target++;
    if (source < 0) continue;
    if (source >= behind) {
      actions.give(source, to);
      continue;
    }
    moved.emplace_back(::fcntl(source, F_DUPFD_CLOEXEC, behind));
    if (!moved.back()) return fail_errno("duplicate a descriptor", errno);
    actions.give(moved.back().get(), to);
  }
  const Attributes attributes;
  pid_t child = -1;
  const int error = ::posix_spawn(&child, start.path.c_str(), actions.get(), attributes.get(),
                                  pointers_to(start.words).data(), pointers_to(start.environment).data());
  if (error != 0) return fail_errno(concat("start ", start.path), error);
  return child;
}

}  // namespace postern::master
