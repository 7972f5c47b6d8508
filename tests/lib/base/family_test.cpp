#include "lib/base/family.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "lib/base/fd.h"
#include "lib/base/text.h"

using namespace postern;

namespace {

// A shell that runs the script and whose output we read.
struct Shell {
  pid_t pid = -1;
  Fd output;
  explicit Shell(const char* script) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    pid = ::fork();
    if (pid == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::execl("/bin/sh", "sh", "-c", script, nullptr);
      ::_exit(99);
    }
    output = Fd(ends[0]);
    ::close(ends[1]);
  }
  std::string line() const {
    std::string text;
    char byte = 0;
    while (::read(output.get(), &byte, 1) == 1 && byte != '\n') text += byte;
    return text;
  }
  pid_t number() const { return static_cast<pid_t>(parse_number(line()).value_or(-1)); }
  // Waits until nobody has the other end of our pipe any more.
  bool is_silent() const { return line().empty(); }
};

// As long as this lives, orphans are ours.
struct Adopting {
  Adopting() { REQUIRE(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0); }
  ~Adopting() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
  }
};

bool has(const std::vector<pid_t>& pids, pid_t pid) {
  return std::find(pids.begin(), pids.end(), pid) != pids.end();
}

// Below us: a process that waits, and one below it that does `work`. All of them hold the end of a pipe.
class Tree {
 public:
  explicit Tree(void (*work)()) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    end_ = Fd(ends[0]);
    Fd theirs(ends[1]);
    root_ = ::fork();
    REQUIRE(root_ >= 0);
    if (root_ > 0) return;
    const pid_t middle = ::fork();
    if (middle == 0 && ::fork() == 0) work();
    for (;;) ::pause();
  }
  ~Tree() {
    kill_below(root_);
    ::kill(root_, SIGKILL);
    ::waitpid(root_, nullptr, 0);
  }
  pid_t root() const { return root_; }
  // True when the last process that had the pipe is gone.
  bool is_gone() const {
    pollfd question{end_.get(), POLLIN, 0};
    return ::poll(&question, 1, 5000) == 1 && (question.revents & POLLHUP) != 0;
  }

 private:
  pid_t root_ = -1;
  Fd end_;
};

[[noreturn]] void stay() {
  for (;;) ::pause();
}

// Each generation lives for a moment: whoever kills what was seen a moment ago is always late. The last one stays, so
// that no machine runs out of processes.
[[noreturn]] void breed() {
  for (int generation = 0; generation < 3000; ++generation) {
    const pid_t child = ::fork();
    if (child != 0) ::_exit(0);
  }
  stay();
}

bool soon(const std::function<bool()>& condition) {
  for (int i = 0; i < 5000; ++i) {
    if (condition()) return true;
    ::usleep(1000);
  }
  return false;
}

}  // namespace

TEST_CASE("our children are seen until they are reaped") {
  const Shell shell("echo ready; exec sleep 1000");
  CHECK(shell.line() == "ready");
  CHECK(has(own_children(), shell.pid));
  CHECK(!has_ended(shell.pid));
  ::kill(shell.pid, SIGKILL);
  siginfo_t end{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(shell.pid), &end, WEXITED | WNOWAIT) == 0);
  CHECK(has_ended(shell.pid));
  CHECK(has(own_children(), shell.pid));
  REQUIRE(::waitpid(shell.pid, nullptr, 0) == shell.pid);
  CHECK(has_ended(shell.pid));
  CHECK(!has(own_children(), shell.pid));
}

TEST_CASE("a family is killed down to its last member, and nobody else") {
  const Adopting adopting;
  const Shell other("echo ready; exec sleep 1000");
  CHECK(other.line() == "ready");
  const Shell shell("sh -c 'setsid sleep 1000 & echo $!; wait' & wait");
  const pid_t last = shell.number();
  const auto killed = kill_families([&] { return std::vector<pid_t>{shell.pid}; });
  CHECK(killed.size() == 3);
  CHECK(std::any_of(killed.begin(), killed.end(), [last](const auto& one) { return one.pid == last; }));
  CHECK(shell.is_silent());
  CHECK(!has_ended(other.pid));
  ::kill(other.pid, SIGKILL);
}

TEST_CASE("a family that does nothing but fork into other sessions ends too") {
  const Adopting adopting;
  // Each one starts the next and ends: no process lives long enough to be told to. The last of 300 sleeps, so that a
  // slow machine has somebody to find, and no machine runs out of processes.
  const Shell shell(
      "s='if [ $2 -gt 0 ]; then setsid sh -c \"$1\" sh \"$1\" $(($2 - 1)) & else exec sleep 1000; fi'; echo "
      "ready; "
      "for i in 1 2 3; do setsid sh -c \"$s\" sh \"$s\" 300 & done");
  CHECK(shell.line() == "ready");
  REQUIRE(::waitpid(shell.pid, nullptr, 0) == shell.pid);
  std::size_t killed = 0;
  for (int i = 0; i < 10000 && !own_children().empty(); ++i) {
    killed += kill_families(own_children).size();
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }
  CHECK(killed >= 3);
  CHECK(shell.is_silent());
}

TEST_CASE("the environment of a process is that which it was started with") {
  ::setenv("FAMILY_TEST", "a=b", 1);
  const Shell shell("FAMILY_TEST=c; export FAMILY_TEST; echo ready; kill -STOP $$");
  ::unsetenv("FAMILY_TEST");
  CHECK(shell.line() == "ready");
  CHECK(variable_of(shell.pid, "FAMILY_TEST") == "a=b");
  CHECK(!variable_of(shell.pid, "FAMILY"));
  ::kill(shell.pid, SIGKILL);
  ::waitpid(shell.pid, nullptr, 0);
  CHECK(!variable_of(shell.pid, "FAMILY_TEST"));
}

TEST_CASE("no family is no work") {
  CHECK(kill_families([] { return std::vector<pid_t>{}; }).empty());
  CHECK(proc_text(-1, "stat").empty());
  CHECK(has_ended(-1));
}

TEST_CASE("descendants are children, and theirs") {
  const Tree tree(stay);
  REQUIRE(soon([&] { return descendants_of(tree.root()).size() == 2; }));
  const auto children = children_of(tree.root());
  REQUIRE(children.size() == 1);
  CHECK(descendants_of(tree.root()).front() == children.front());
  CHECK(children_of(children.front()).size() == 1);
  const auto ours = children_of(::getpid());
  CHECK(std::find(ours.begin(), ours.end(), tree.root()) != ours.end());
}

TEST_CASE("all below a process are killed, and it is not") {
  const Tree tree(stay);
  REQUIRE(soon([&] { return descendants_of(tree.root()).size() == 2; }));
  const auto below = descendants_of(tree.root());
  kill_below(tree.root());
  for (const pid_t pid : below) CHECK(soon([pid] { return has_ended(pid); }));
  CHECK(::kill(tree.root(), 0) == 0);
}

TEST_CASE(
    "a process that leaves a child behind and ends, again and again, is caught by whom orphans come to") {
  REQUIRE(::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
  {
    const Tree tree(breed);
    REQUIRE(soon([&] { return !descendants_of(::getpid()).empty(); }));
    kill_below(::getpid());
    CHECK(tree.is_gone());
  }
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}
