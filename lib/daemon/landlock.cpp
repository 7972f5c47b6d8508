// Landlock by its system calls: the numbers of newer kernels are written out, so that an older header will
// do.
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "lib/base/text.h"
#include "lib/daemon/jail.h"

namespace postern::daemon {

namespace {

// struct landlock_ruleset_attr as of version 6; older kernels take it when the new fields are zero or cut
// off.
struct RulesetAttributes {
  std::uint64_t files = 0;
  std::uint64_t net = 0;
  std::uint64_t scoped = 0;
};
struct PortRule {
  std::uint64_t access = 0;
  std::uint64_t port = 0;
};

constexpr int kPortRuleType = 2;
constexpr std::uint64_t kTruncate = 1u << 14;
constexpr std::uint64_t kDeviceIoctl = 1u << 15;
constexpr std::uint64_t kBindTcp = 1u << 0;
constexpr std::uint64_t kConnectTcp = 1u << 1;
constexpr std::uint64_t kAbstractUnix = 1u << 0;
constexpr std::uint64_t kSignal = 1u << 1;

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kChange =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER | kTruncate;
constexpr std::uint64_t kOther =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK | kDeviceIoctl;
// What a rule for something else than a directory may name.
constexpr std::uint64_t kOfFiles = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate;

std::uint64_t known_files(int version) {
  std::uint64_t known = kRead | kChange | kOther;
  if (version < 2) known &= ~std::uint64_t{LANDLOCK_ACCESS_FS_REFER};
  if (version < 3) known &= ~kTruncate;
  if (version < 5) known &= ~kDeviceIoctl;
  return known;
}

RulesetAttributes attributes(const Rights& rights, int version) {
  RulesetAttributes handled;
  handled.files = known_files(version);
  if (version >= 4) handled.net = kBindTcp | (rights.connect_inet ? 0 : kConnectTcp);
  if (version >= 6) handled.scoped = kAbstractUnix | (rights.identities ? 0 : kSignal);
  return handled;
}

Result<void> allow_path(int ruleset, const std::string& path, std::uint64_t access) {
  const Fd opened(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!opened && errno == ENOENT) return {};
  if (!opened) return fail_errno(concat("open ", path), errno);
  struct stat found {};
  if (::fstat(opened.get(), &found) != 0) return fail_errno(concat("stat ", path), errno);
  landlock_path_beneath_attr rule{};
  rule.allowed_access = S_ISDIR(found.st_mode) ? access : access & kOfFiles;
  rule.parent_fd = opened.get();
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return fail_errno(concat("allow ", path), errno);
  }
  return {};
}

// A client may choose its own address, never a port.
Result<void> allow_any_port(int ruleset) {
  PortRule rule{kBindTcp, 0};
  if (::syscall(SYS_landlock_add_rule, ruleset, kPortRuleType, &rule, 0) != 0) {
    return fail_errno("allow port 0", errno);
  }
  return {};
}

Result<void> add_rules(int ruleset, const Rights& rights, int version) {
  const std::uint64_t known = known_files(version);
  Result<void> added;
  if (version >= 4 && rights.connect_inet) added = allow_any_port(ruleset);
  for (const auto& path : rights.read) {
    if (added) added = allow_path(ruleset, path, kRead & known);
  }
  for (const auto& path : rights.write) {
    if (added) added = allow_path(ruleset, path, (kRead | kChange) & known);
  }
  return added;
}

}  // namespace

int Fence::version() {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? static_cast<int>(version) : 0;
}

Result<Fence> Fence::build(const Rights& rights) {
  Fence fence;
  const int abi = version();
  if (abi == 0) return fence;
  RulesetAttributes handled = attributes(rights, abi);
  const std::size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  fence.ruleset_ = Fd(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, size, 0)));
  if (!fence.ruleset_) return fail_errno("landlock_create_ruleset", errno);
  auto added = add_rules(fence.ruleset_.get(), rights, abi);
  if (!added) return fail(added.error());
  return fence;
}

Result<void> Fence::close() const {
  if (!ruleset_) return {};
  if (::syscall(SYS_landlock_restrict_self, ruleset_.get(), 0) != 0) {
    return fail_errno("landlock_restrict_self", errno);
  }
  return {};
}

}  // namespace postern::daemon
