#include "master/strays.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "instance.h"
#include "lib/base/fd.h"
#include "lib/daemon/contract.h"

using namespace postern;
using namespace postern::master;
using namespace postern::test;

namespace {

// What a foreign program is by the time it runs.
struct Looks {
  bool own_session = true;
  bool no_new_privileges = true;
  std::string leader{};  // in its environment; "": nothing; "self": itself
};

constexpr const char* kForever = "read word";

// A shell that runs the script, with a pipe from us as its input: it ends with us.
class Shell {
 public:
  Shell(const Looks& looks, const std::string& script) {
    int in[2], out[2];
    REQUIRE(::pipe2(in, O_CLOEXEC) == 0);
    REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
    pid = ::fork();
    if (pid == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      run(looks, script);
    }
    to_ = Fd(in[1]);
    from_ = Fd(out[0]);
    ::close(in[0]);
    ::close(out[1]);
  }
  // A line that it has written, as a number.
  pid_t number() const {
    std::string text;
    char byte = 0;
    while (::read(from_.get(), &byte, 1) == 1 && byte != '\n') text += byte;
    return as_pid(text);
  }
  pid_t pid = -1;

 private:
  static void run(const Looks& looks, const std::string& script) {
    if (looks.own_session) ::setsid();
    if (looks.no_new_privileges) ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const std::string leader = looks.leader == "self" ? std::to_string(::getpid()) : looks.leader;
    if (!leader.empty()) ::setenv(daemon::kLeaderVariable, leader.c_str(), 1);
    ::execl("/bin/sh", "sh", "-c", script.c_str(), nullptr);
    ::_exit(99);
  }
  Fd to_, from_;
};

// Reaps as master does.
struct Reaper {
  Strays strays;
  Reaper() { REQUIRE(Strays::adopt_orphans()); }
  ~Reaper() { ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0); }
  void reap() {
    while (const pid_t pid = Strays::next_ended()) {
      strays.ended(pid);
      ::waitpid(pid, nullptr, 0);
    }
  }
  bool soon_gone(pid_t pid) {
    return soon([&] {
      reap();
      return ::kill(pid, 0) != 0;
    });
  }
};

bool names(const std::vector<Stray>& strays, pid_t pid) {
  return std::any_of(strays.begin(), strays.end(), [pid](const Stray& stray) { return stray.pid == pid; });
}

// Leaves a process that is in a session of its own, whose parent has ended.
const std::string kEscape = "(setsid sh -c 'echo $$; exec sleep 1000' &); ";

}  // namespace

TEST_CASE("what is left of the group of a foreign program ends with it") {
  Reaper reaper;
  const Shell shell({.leader = "self"}, "sleep 1000 & echo $!; exit 0");
  reaper.strays.launched(shell.pid);
  const pid_t left = shell.number();
  CHECK(reaper.soon_gone(shell.pid));
  CHECK(reaper.soon_gone(left));
}

TEST_CASE("a master that has become another program knows who leads a group") {
  Reaper reaper;
  const Shell foreign({.leader = "self"}, "echo $$; " + std::string(kForever));
  const Shell own({.own_session = false, .no_new_privileges = false}, "echo $$; " + std::string(kForever));
  CHECK(foreign.number() == foreign.pid);
  CHECK(own.number() == own.pid);
  reaper.strays.resume({foreign.pid, own.pid});
  CHECK(reaper.strays.is_launched(foreign.pid));
  CHECK(!reaper.strays.is_launched(own.pid));
  ::kill(foreign.pid, SIGKILL);
  ::kill(own.pid, SIGKILL);
  CHECK(reaper.soon_gone(foreign.pid));
  CHECK(reaper.soon_gone(own.pid));
}

TEST_CASE("a child of ours that leads no group is reaped, and that is all") {
  Reaper reaper;
  const Shell other({.own_session = false, .no_new_privileges = false}, kForever);
  const Shell shell({.own_session = false, .no_new_privileges = false}, "exit 0");
  CHECK(reaper.soon_gone(shell.pid));
  CHECK(is_alive(other.pid));
  CHECK(!reaper.strays.are_possible());
  ::kill(other.pid, SIGKILL);
  CHECK(reaper.soon_gone(other.pid));
}

TEST_CASE("what has escaped from the group is found when its program has ended, not before") {
  Reaper reaper;
  const Shell shell({.leader = "self"}, kEscape + kForever);
  reaper.strays.launched(shell.pid);
  const pid_t escaped = shell.number();
  REQUIRE(soon([&] { return Instance::command_line(escaped).starts_with("sleep"); }));
  REQUIRE(soon([&] { return reaper.strays.kill({shell.pid}, Whose::ended_programs).empty(); }));
  CHECK(!reaper.strays.remain());
  CHECK(is_alive(escaped));
  ::kill(shell.pid, SIGKILL);
  REQUIRE(reaper.soon_gone(shell.pid));
  std::vector<Stray> found;
  CHECK(soon([&] {
    found = reaper.strays.kill({}, Whose::ended_programs);
    return !found.empty();
  }));
  CHECK(names(found, escaped));
  CHECK(reaper.strays.remain());
  CHECK(describe(found) == "killed 1 process that was left behind: sleep (" + std::to_string(escaped) + ")");
  CHECK(reaper.soon_gone(escaped));
  CHECK(reaper.strays.kill({}, Whose::ended_programs).empty());
  CHECK(!reaper.strays.remain());
}

TEST_CASE("a cleared environment hides whose it is, but not what it is") {
  Reaper reaper;
  const Shell shell({.leader = "self"},
                    "(env -i setsid /bin/sh -c 'echo $$; exec /bin/sleep 1000' &); exit 0");
  const Shell other({.leader = "self"}, kForever);
  reaper.strays.launched(shell.pid);
  reaper.strays.launched(other.pid);
  const pid_t escaped = shell.number();
  REQUIRE(reaper.soon_gone(shell.pid));
  CHECK(reaper.strays.kill({other.pid}, Whose::ended_programs).empty());  // it could be the other's
  ::kill(other.pid, SIGKILL);
  REQUIRE(reaper.soon_gone(other.pid));
  CHECK(names(reaper.strays.kill({}, Whose::ended_programs), escaped));
  CHECK(reaper.soon_gone(escaped));
}

TEST_CASE("orphans that are no foreign program's are left in peace until the end") {
  Reaper reaper;
  const Shell shell({.no_new_privileges = false}, kEscape + "exit 0");
  const Shell wanted({.own_session = false, .no_new_privileges = false}, kForever);
  const pid_t orphan = shell.number();
  REQUIRE(reaper.soon_gone(shell.pid));
  CHECK(reaper.strays.kill({wanted.pid}, Whose::ended_programs).empty());
  CHECK(is_alive(orphan));
  const auto found = reaper.strays.kill({wanted.pid}, Whose::everybody);
  CHECK(names(found, orphan));
  CHECK(!names(found, wanted.pid));
  CHECK(reaper.soon_gone(orphan));
  CHECK(is_alive(wanted.pid));
  ::kill(wanted.pid, SIGKILL);
  CHECK(reaper.soon_gone(wanted.pid));
}

TEST_CASE("the line for the log names some of them") {
  CHECK(describe({{7, "sh"}, {8, "sleep"}}) == "killed 2 processes that were left behind: sh (7), sleep (8)");
  CHECK(describe(std::vector<Stray>(9, {1, "x"})) ==
        "killed 9 processes that were left behind: x (1), x (1), x (1), x (1), x (1), …");
}
