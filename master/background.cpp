#include "master/background.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

namespace postern::master {

namespace {

constexpr int kLongestStart = 100 * 1000;  // milliseconds

void close_range(unsigned first, unsigned last) {
  if (first <= last) ::syscall(SYS_close_range, first, last, 0);
}

void close_inherited(int except) {
  if (except < 3) return close_range(3, UINT_MAX);
  const auto kept = static_cast<unsigned>(except);
  close_range(3, kept - 1);
  close_range(kept + 1, UINT_MAX);
}

// In the caller's process: ends it as the start goes.
[[noreturn]] void wait_for(const Fd& ready) {
  pollfd question{ready.get(), POLLIN, 0};
  char byte = 0;
  const bool told = ::poll(&question, 1, kLongestStart) == 1 && ::read(ready.get(), &byte, 1) == 1;
  ::_exit(told ? EXIT_SUCCESS : EXIT_FAILURE);
}

Result<Fd> fork_away() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe", errno);
  const Fd theirs(ends[0]);
  Fd ours(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return fail_errno("fork", errno);
  if (child > 0) {
    ours.reset();
    wait_for(theirs);
  }
  return ours;
}

}  // namespace

void Ready::tell() {
  const char byte = 1;
  if (to_ && ::write(to_.get(), &byte, 1) < 0) to_.reset();
  to_.reset();
}

Result<Ready> enter_background(const Options& options) {
  close_inherited(options.ready_fd);
  Fd to(options.ready_fd);
  if (to) {
    auto set = set_close_on_exec(to.get(), true);
    if (!set) return fail(set.error());
  }
  if (options.background) {
    auto ours = fork_away();
    if (!ours) return fail(ours.error());
    to = std::move(*ours);
  }
  // A group leader cannot: then its session is its own affair.
  if (!options.init && !options.keep_output) ::setsid();
  return Ready(std::move(to));
}

}  // namespace postern::master
