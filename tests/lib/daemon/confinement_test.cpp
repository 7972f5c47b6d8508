#include "lib/daemon/confinement.h"

#include <doctest/doctest.h>

using namespace postern::daemon;

namespace {

Confinement full() {
  Confinement jail;
  jail.root_changed = jail.user_changed = jail.no_new_privileges = jail.system_calls = true;
  jail.landlock = 4;
  jail.user = 110;
  return jail;
}

}  // namespace

TEST_CASE("what holds a process, in words") {
  CHECK(rights_in_words(full(), "postfix") == "postfix, chroot, no-new-privs, landlock 4, seccomp");
  Confinement root = full();
  root.root_changed = root.user_changed = false;
  root.user = 0;
  CHECK(rights_in_words(root, "root") == "root, no-new-privs, landlock 4, seccomp");
  Confinement old_kernel = full();
  old_kernel.landlock = 0;
  CHECK(rights_in_words(old_kernel, "110") == "110, chroot, no-new-privs, seccomp");
  Confinement open;
  CHECK(rights_in_words(open, "") == "without jail");
  open.root_changed = true;
  CHECK(rights_in_words(open, "postfix") == "postfix, chroot, without jail");
}

TEST_CASE("what a process writes on its page is read back") {
  Confinement jail = full();
  jail.capabilities = (std::uint64_t{1} << 40) | 3;
  CHECK(confinement_from(values_of(jail)) == jail);
  CHECK(confinement_from(values_of(Confinement())) == Confinement());
  auto among_others = values_of(jail);
  among_others.insert(among_others.begin(), {"connections", 12});
  CHECK(confinement_from(among_others) == jail);
}

TEST_CASE("a process that has not entered its jail says nothing about it") {
  CHECK(!confinement_from({}));
  CHECK(!confinement_from({{"connections", 0}, {"sessions", 0}}));
}

TEST_CASE("capabilities in words") {
  CHECK(capabilities_in_words(0) == "none");
  CHECK(capabilities_in_words(0b11001011) == "chown, dac_override, fowner, setgid, setuid");
  CHECK(capabilities_in_words((std::uint64_t{1} << 63) | 1) == "chown, 63");
}
