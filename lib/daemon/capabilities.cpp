// By the system calls themselves: the numbers of capabilities(7) are few, and never change.
#include "lib/daemon/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace postern::daemon {

namespace {

constexpr unsigned kMost = 64;

constexpr std::uint64_t bit(unsigned number) { return std::uint64_t{1} << number; }

struct Sets {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct halves[2]{};
};

}  // namespace

std::uint64_t capabilities_for(const Rights& rights) {
  if (!rights.identities && !rights.execute) return 0;
  const std::uint64_t delivery =
      bit(CAP_CHOWN) | bit(CAP_DAC_OVERRIDE) | bit(CAP_FOWNER) | bit(CAP_SETGID) | bit(CAP_SETUID);
  return rights.execute ? delivery | bit(CAP_KILL) : delivery;
}

Result<std::uint64_t> capabilities_in_force() {
  Sets sets;
  if (::syscall(SYS_capget, &sets.header, sets.halves) != 0) return fail_errno("capget", errno);
  return (std::uint64_t{sets.halves[1].effective} << 32) | sets.halves[0].effective;
}

void bound_capabilities(std::uint64_t kept) {
  for (unsigned number = 0; number < kMost; ++number) {
    if ((kept & bit(number)) != 0) continue;
    if (::prctl(PR_CAPBSET_READ, number, 0, 0, 0) < 0) return;  // the kernel has no more
    ::prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
  }
}

Result<void> keep_capabilities(std::uint64_t kept) {
  Sets sets;
  if (::syscall(SYS_capget, &sets.header, sets.halves) != 0) return fail_errno("capget", errno);
  for (auto& half : sets.halves) {
    const auto part = static_cast<std::uint32_t>(&half == sets.halves ? kept : kept >> 32);
    half.permitted &= part;
    half.effective &= part;
    half.inheritable = 0;
  }
  if (::syscall(SYS_capset, &sets.header, sets.halves) != 0) return fail_errno("capset", errno);
  return {};
}

}  // namespace postern::daemon
