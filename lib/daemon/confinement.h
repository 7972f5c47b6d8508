// What holds a process, as it tells on its page of the scoreboard and as people read it. No jail is needed to know.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::daemon {

struct Confinement {
  bool root_changed = false;
  bool user_changed = false;
  bool no_new_privileges = false;
  int landlock = 0;  // its version, 0 when not in force
  bool system_calls = false;
  std::uint64_t capabilities = 0;  // in force: those of capabilities(7), as a mask
  uid_t user = 0;                  // whom it runs as
  bool operator==(const Confinement&) const = default;
};

// A name and a number of a scoreboard page.
using NamedValue = std::pair<std::string, std::uint64_t>;

// The gauges that say it.
std::vector<NamedValue> values_of(const Confinement& confinement);

// From the values of a page. Nothing when the process has not entered its jail yet.
std::optional<Confinement> confinement_from(const std::vector<NamedValue>& values);

// "postfix, chroot, no-new-privs, landlock 4, seccomp"; "root, no-new-privs, landlock 4, seccomp"; "postfix, chroot,
// without jail" with daemon_jail = no. `user` is the name, or number, of Confinement::user; empty: it is left out.
std::string rights_in_words(const Confinement& confinement, std::string_view user);

// "chown, setgid, setuid"; "none"; one that has no name here by its number.
std::string capabilities_in_words(std::uint64_t set);

}  // namespace postern::daemon
