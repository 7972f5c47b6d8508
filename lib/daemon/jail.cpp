#include "lib/daemon/jail.h"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "lib/base/text.h"
#include "lib/daemon/capabilities.h"

namespace postern::daemon {

namespace {

constexpr int kMostGroups = 1024;

bool way_back_is_open(const Identity& identity) {
  if (::setuid(0) == 0 || ::setgid(0) == 0) return true;
  return ::getuid() != identity.uid || ::geteuid() != identity.uid || ::getgid() != identity.gid ||
         ::getegid() != identity.gid;
}

// Who becomes somebody else has no capabilities afterwards, and nor has a program that never was root.
std::uint64_t kept_capabilities(const JailPlan& plan) {
  const bool stays_root = ::geteuid() == 0 && plan.identity == nullptr;
  return stays_root ? capabilities_for(plan.rights) : 0;
}

Result<void> change_root_and_user(const JailPlan& plan, Confinement& done) {
  if (::geteuid() != 0) return {};
  if (plan.chroot) {
    auto changed = change_root(plan.directory);
    if (!changed) return changed;
    done.root_changed = true;
  }
  if (plan.identity != nullptr) {
    auto changed = become(*plan.identity);
    if (!changed) return changed;
    done.user_changed = true;
  }
  return {};
}

Result<void> filter([[maybe_unused]] const JailPlan& plan, const Fence& fence, Confinement& done) {
  auto bound = no_new_privileges();
  if (bound) bound = fence.close();
  if (!bound) return bound;
  done.no_new_privileges = true;
  done.landlock = Fence::version();
#ifndef POSTERN_SANITIZED
  bound = allow_system_calls(plan.rights);
  done.system_calls = bound.has_value();
#endif
  return bound;
}

}  // namespace

Result<Identity> find_identity(const std::string& user) {
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  const int error = ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0) return fail_errno(concat("look up user ", user), error);
  if (found == nullptr) return fail(Errc::not_found, concat("unknown user: ", user));
  Identity identity{user, found->pw_uid, found->pw_gid, std::vector<gid_t>(kMostGroups)};
  int count = kMostGroups;
  if (::getgrouplist(user.c_str(), identity.gid, identity.groups.data(), &count) < 0) {
    return fail(Errc::too_long, concat("user ", user, " is in too many groups"));
  }
  identity.groups.resize(static_cast<std::size_t>(count));
  return identity;
}

Result<void> become(const Identity& identity) {
  if (identity.uid == 0 || identity.gid == 0) {
    return fail(Errc::denied, concat("user ", identity.name, " has the rights of root"));
  }
  if (::setgroups(identity.groups.size(), identity.groups.data()) != 0) return fail_errno("setgroups", errno);
  if (::setresgid(identity.gid, identity.gid, identity.gid) != 0) return fail_errno("setgid", errno);
  if (::setresuid(identity.uid, identity.uid, identity.uid) != 0) return fail_errno("setuid", errno);
  if (way_back_is_open(identity)) {
    return fail(Errc::denied, concat("could become root again after becoming ", identity.name));
  }
  return {};
}

Result<void> change_root(const std::string& directory) {
  if (::chroot(directory.c_str()) != 0) return fail_errno(concat("chroot ", directory), errno);
  if (::chdir("/") != 0) return fail_errno("chdir /", errno);
  return {};
}

Result<void> no_new_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("no-new-privs", errno);
  return {};
}

Result<Confinement> enter_jail(const JailPlan& plan) {
  Confinement done;
  if (::chdir(plan.directory.c_str()) != 0) return fail_errno(concat("chdir ", plan.directory), errno);
  const bool filtered = plan.filter && !plan.rights.execute;
  Fence fence;
  if (filtered) {
    auto built = Fence::build(plan.rights);
    if (!built) return fail(built.error());
    fence = std::move(*built);
  }
  const std::uint64_t kept = kept_capabilities(plan);
  if (filtered) bound_capabilities(kept);
  auto bound = change_root_and_user(plan, done);
  if (bound && plan.filter) bound = keep_capabilities(kept);
  if (!bound) return fail(bound.error());
  const auto capabilities = capabilities_in_force();  // the filter lets nobody ask
  if (!capabilities) return fail(capabilities.error());
  done.capabilities = *capabilities;
  done.user = ::geteuid();
  if (filtered) bound = filter(plan, fence, done);
  if (!bound) return fail(bound.error());
  return done;
}

}  // namespace postern::daemon
