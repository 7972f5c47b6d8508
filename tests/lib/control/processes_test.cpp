#include "lib/control/processes.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace postern;
using namespace postern::control;

namespace {

// A child that waits until it is killed.
struct Sleeper {
  pid_t pid = ::fork();
  Sleeper() {
    REQUIRE(pid >= 0);
    while (pid == 0) ::pause();
  }
  ~Sleeper() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
};

}  // namespace

TEST_CASE("a process is watched to its end, and not signalled behind it") {
  const Sleeper sleeper;
  const auto process = Process::open(sleeper.pid);
  REQUIRE(process);
  CHECK(process->pid() == sleeper.pid);
  CHECK(!process->ends_within(milliseconds(1)));
  CHECK(!wait_for_end(sleeper.pid, milliseconds(1)));
  REQUIRE(process->send_signal(SIGKILL));
  CHECK(process->ends_within(seconds(5)));
  REQUIRE(::waitpid(sleeper.pid, nullptr, 0) == sleeper.pid);
  const auto late = process->send_signal(0);
  REQUIRE(!late);
  CHECK(late.error().kind == Errc::lost);
}

TEST_CASE("who is not there has ended") {
  pid_t gone = -1;
  {
    const Sleeper sleeper;
    gone = sleeper.pid;
  }
  CHECK(wait_for_end(gone, seconds(5)));
  const auto process = Process::open(gone);
  REQUIRE(!process);
  CHECK(process.error().kind == Errc::not_found);
}
