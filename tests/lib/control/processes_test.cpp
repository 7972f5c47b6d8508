#include "lib/control/processes.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

using namespace postern;
using namespace postern::control;

namespace {

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

[[noreturn]] void wait() {
  for (;;) ::pause();
}

// Each generation lives for a moment: whoever kills what was seen a moment ago is always late.
[[noreturn]] void breed() {
  for (int generation = 0; generation < 100'000; ++generation) {
    const pid_t child = ::fork();
    if (child != 0) ::_exit(0);
  }
  ::_exit(0);
}

bool soon(const std::function<bool()>& condition) {
  for (int i = 0; i < 5000; ++i) {
    if (condition()) return true;
    ::usleep(1000);
  }
  return false;
}

}  // namespace

TEST_CASE("descendants are children, and theirs") {
  const Tree tree(wait);
  REQUIRE(soon([&] { return descendants_of(tree.root()).size() == 2; }));
  const auto children = children_of(tree.root());
  REQUIRE(children.size() == 1);
  CHECK(descendants_of(tree.root()).front() == children.front());
  CHECK(children_of(children.front()).size() == 1);
  const auto ours = children_of(::getpid());
  CHECK(std::find(ours.begin(), ours.end(), tree.root()) != ours.end());
}

TEST_CASE("all below a process are killed, and it is not") {
  const Tree tree(wait);
  REQUIRE(soon([&] { return descendants_of(tree.root()).size() == 2; }));
  const auto below = descendants_of(tree.root());
  kill_below(tree.root());
  for (const pid_t pid : below) CHECK(wait_for_end(pid, seconds(5)));
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
