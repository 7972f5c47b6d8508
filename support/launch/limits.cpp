#include "support/launch/limits.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace postern::launch {

namespace {

constexpr rlim_t kMostProcesses = 1 << 22;  // more process ids there are not

Result<void> limit(decltype(RLIMIT_CORE) what, const char* name, rlim_t soft, rlim_t hard) {
  rlimit now{};
  if (::getrlimit(what, &now) != 0) return fail_errno(name, errno);
  now.rlim_max = std::min(now.rlim_max, hard);
  now.rlim_cur = std::min(std::min(now.rlim_cur, soft), now.rlim_max);
  if (::setrlimit(what, &now) != 0) return fail_errno(name, errno);
  return {};
}

bool can_start_a_process() {
  const pid_t child = ::vfork();
  if (child == 0) ::_exit(0);
  if (child < 0) return false;
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return true;
}

bool can_start_with(rlim_t soft, const rlimit& before) {
  const rlimit tried{soft, before.rlim_max};
  return ::setrlimit(RLIMIT_NPROC, &tried) == 0 && can_start_a_process();
}

}  // namespace

std::optional<rlim_t> processes_of_user() {
  rlimit before{};
  if (::getrlimit(RLIMIT_NPROC, &before) != 0) return std::nullopt;
  // With `enough` one more can be started, with `few` none.
  rlim_t few = 0, enough = std::min(before.rlim_max, kMostProcesses);
  const bool is_bound = !can_start_with(few, before) && can_start_with(enough, before);
  while (is_bound && enough - few > 1) {
    const rlim_t middle = few + (enough - few) / 2;
    (can_start_with(middle, before) ? enough : few) = middle;
  }
  ::setrlimit(RLIMIT_NPROC, &before);
  if (!is_bound) return std::nullopt;
  return few;
}

Result<void> set_limits() {
  auto done = limit(RLIMIT_CORE, "limit core dumps", 0, 0);
  if (done) done = limit(RLIMIT_NOFILE, "limit descriptors", kDescriptors, kMostDescriptors);
  if (!done) return done;
  const auto processes = processes_of_user();
  if (!processes) return {};
  return limit(RLIMIT_NPROC, "limit processes", *processes + kMoreProcesses, *processes + kMoreProcesses);
}

}  // namespace postern::launch
