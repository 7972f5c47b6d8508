#include "lib/daemon/capabilities.h"

#include <doctest/doctest.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <functional>
#include <string>

#include "lib/daemon/jail.h"

using namespace postern;
using namespace postern::daemon;

namespace {

constexpr std::uint64_t kSetUser = 1u << CAP_SETUID;
constexpr std::uint64_t kChown = 1u << CAP_CHOWN;

Rights delivery() {
  Rights rights;
  rights.identities = true;
  return rights;
}

Rights commands() {
  Rights rights;
  rights.execute = true;
  return rights;
}

// The exit status of a function in a process of its own.
int in_child(const std::function<int()>& function) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(function());
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

std::uint64_t from_proc(const std::string& field) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(field + ":", 0) == 0) return std::stoull(line.substr(field.size() + 1), nullptr, 16);
  }
  return ~std::uint64_t{0};
}

bool is_set(const std::string& field, std::uint64_t expected) { return from_proc(field) == expected; }

}  // namespace

TEST_CASE("only who acts for users needs something of root") {
  Rights rights;
  rights.connect_inet = rights.connect_unix = rights.threads = true;
  rights.write = {"/"};
  CHECK(capabilities_for(rights) == 0);
  CHECK(capabilities_in_words(capabilities_for(delivery())) == "chown, dac_override, fowner, setgid, setuid");
  CHECK(capabilities_in_words(capabilities_for(commands())) ==
        "chown, dac_override, fowner, kill, setgid, setuid");
}

TEST_CASE("capabilities that were given up are gone, those that are kept work") {
  if (::geteuid() != 0) return;
  CHECK(in_child([] {
          bound_capabilities(kSetUser | kChown);
          if (!keep_capabilities(kSetUser | kChown)) return 1;
          const auto now = capabilities_in_force();
          if (!now || *now != (kSetUser | kChown)) return 2;
          for (const char* field : {"CapPrm", "CapEff", "CapBnd"}) {
            if (!is_set(field, kSetUser | kChown)) return 3;
          }
          if (!is_set("CapInh", 0) || !is_set("CapAmb", 0)) return 4;
          if (::chroot("/") == 0 || errno != EPERM) return 5;
          return ::setresuid(65534, 65534, 65534) == 0 ? 0 : 6;
        }) == 0);
}

TEST_CASE("who has none can be asked to keep none") {
  CHECK(in_child([] {
          if (::geteuid() == 0 &&
              (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0)) {
            return 1;
          }
          bound_capabilities(0);
          return keep_capabilities(0) && is_set("CapEff", 0) ? 0 : 2;
        }) == 0);
}

TEST_CASE("a jail leaves a root that delivers what it needs, and others nothing") {
  if (::geteuid() != 0) return;
  const auto in_jail = [](const Rights& rights, bool becomes_nobody, bool filter) {
    return in_child([&] {
      const auto nobody = find_identity("nobody");
      JailPlan plan;
      plan.directory = "/";
      plan.rights = rights;
      plan.rights.read = {"/proc"};
      plan.filter = filter;
      plan.identity = becomes_nobody ? &*nobody : nullptr;
      const auto done = enter_jail(plan);
      if (!done) return 1;
      const std::uint64_t kept = becomes_nobody ? 0 : capabilities_for(rights);
      if (filter && done->capabilities != kept) return 2;
      if (!filter && !becomes_nobody && done->capabilities == kept) return 3;
      if (done->user != (becomes_nobody ? nobody->uid : 0)) return 4;
      if (filter && !rights.execute && !is_set("CapBnd", kept)) return 5;
      return is_set("CapEff", done->capabilities) ? 0 : 6;
    });
  };
  CHECK(in_jail(delivery(), false, true) == 0);
  CHECK(in_jail(commands(), false, true) == 0);
  CHECK(in_jail({}, true, true) == 0);
  CHECK(in_jail({}, true, false) == 0);
  CHECK(in_jail(delivery(), false, false) == 0);
}
