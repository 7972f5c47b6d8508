#include "lib/daemon/command_identity.h"

#include <grp.h>

#include <array>

#include "lib/base/text.h"

namespace postern::daemon {

namespace {

Result<gid_t> find_group(const std::string& name) {
  std::array<char, 65536> buffer;
  group entry{};
  group* found = nullptr;
  const int error = ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0) return fail_errno(concat("look up group ", name), error);
  if (found == nullptr) return fail(Errc::not_found, concat("unknown group: ", name));
  return found->gr_gid;
}

Result<void> refuse_ours(const Identity& identity, const config::CommonParams& params) {
  if (identity.uid == 0) return fail(Errc::denied, "user= names root");
  if (identity.gid == 0) return fail(Errc::denied, "user= names the group of root");
  const auto owner = find_identity(*params.mail_owner);
  if (!owner) return fail(owner.error());
  if (identity.uid == owner->uid) {
    return fail(Errc::denied, concat("user= names the owner of the mail system, ", *params.mail_owner));
  }
  if (identity.gid == owner->gid) {
    return fail(Errc::denied,
                concat("user= names the group of the owner of the mail system, ", *params.mail_owner));
  }
  const auto submitters = find_group(*params.setgid_group);
  if (submitters && identity.gid == *submitters) {
    return fail(Errc::denied, concat("user= names the group of the mail system, ", *params.setgid_group));
  }
  return {};
}

}  // namespace

Result<Identity> identity_of(const config::CommandWords& command, const config::CommonParams& params) {
  auto identity = find_identity(command.user);
  if (!identity) return identity;
  if (!command.group.empty()) {
    const auto gid = find_group(command.group);
    if (!gid) return fail(gid.error());
    identity->gid = *gid;
  }
  identity->groups = {identity->gid};
  auto allowed = refuse_ours(*identity, params);
  if (!allowed) return fail(allowed.error());
  return identity;
}

}  // namespace postern::daemon
