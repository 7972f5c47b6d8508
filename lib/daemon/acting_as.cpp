#include "lib/daemon/acting_as.h"

#include <grp.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "lib/base/text.h"
#include "lib/daemon/jail.h"

namespace postern::daemon {

Result<ActingAs> ActingAs::become(const std::string& user) {
  ActingAs acting;
  if (user.empty() || ::geteuid() != 0) return acting;
  const auto identity = find_identity(user);
  if (!identity) return fail(identity.error());
  acting.group_ = ::getegid();
  acting.groups_.resize(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
  if (::getgroups(static_cast<int>(acting.groups_.size()), acting.groups_.data()) < 0) {
    return fail_errno("getgroups", errno);
  }
  acting.acting_ = true;
  const bool became = ::setgroups(identity->groups.size(), identity->groups.data()) == 0 &&
                      ::setegid(identity->gid) == 0 && ::seteuid(identity->uid) == 0;
  if (!became) return fail_errno(concat("act as ", user), errno);
  return acting;
}

ActingAs::ActingAs(ActingAs&& other) noexcept
    : acting_(std::exchange(other.acting_, false)), group_(other.group_), groups_(std::move(other.groups_)) {}

ActingAs::~ActingAs() {
  if (!acting_) return;
  if (::seteuid(0) != 0 || ::setegid(group_) != 0 || ::setgroups(groups_.size(), groups_.data()) != 0) {
    std::abort();
  }
}

}  // namespace postern::daemon
