#include "support/launch/launch.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

#include "lib/base/exec.h"
#include "lib/base/text.h"
#include "lib/daemon/contract.h"
#include "lib/daemon/jail.h"
#include "support/launch/limits.h"

namespace postern::launch {

namespace {

Result<void> change_identity(const Options& options) {
  if (::geteuid() != 0) return {};
  std::optional<daemon::Identity> identity;
  if (!options.user.empty()) {  // looked up while the user database is there
    auto found = daemon::find_identity(options.user);
    if (!found) return fail(found.error());
    identity = std::move(*found);
  }
  Result<void> done;
  if (!options.root.empty()) done = daemon::change_root(options.root);
  if (done && identity) done = daemon::become(*identity);
  return done;
}

Result<void> give_up_rights(const Options& options) {
  // Its own session is its own process group: it can be ended as a whole, and no terminal reaches it.
  if (::setsid() < 0) return fail_errno("setsid", errno);
  auto done = change_identity(options);
  if (done) done = daemon::no_new_privileges();
  if (done) done = set_limits();
  if (!done) return done;
  // Behind the change of user, which would undo it: the end of master is a SIGTERM.
  if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return fail_errno("ask for a signal when master ends", errno);
  return {};
}

}  // namespace

Error become_program(const Options& options) {
  const bool other_root = !options.root.empty() && ::geteuid() == 0;
  auto ready = give_up_rights(options);
  if (!ready) return ready.error();
  ::setenv(daemon::kLeaderVariable, std::to_string(::getpid()).c_str(), 1);
  ::close_range(static_cast<unsigned>(options.keep), ~0U, 0);
  ::execv(options.path.c_str(), pointers_to(options.words).data());
  const int reason = errno;
  const std::string where = other_root ? concat(" below ", options.root) : "";
  return fail_errno(concat("start ", options.path, where), reason).value();
}

}  // namespace postern::launch
