#include "lib/daemon/command.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "lib/base/fd.h"
#include "lib/base/text.h"

using namespace postern;
using namespace postern::daemon;

namespace {

constexpr int kPatience = 10000;  // milliseconds

// A command at the other end of a socket.
class Talk {
 public:
  explicit Talk(std::vector<std::string> words,
                std::vector<std::string> environment = {"PATH=/usr/bin:/bin"}) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    ours_ = Fd(ends[0]);
    const Fd theirs(ends[1]);
    CommandPlan plan;
    plan.words = std::move(words);
    plan.environment = std::move(environment);
    plan.connection = theirs.get();
    auto started = Command::start(plan);
    if (!started) {
      failure = started.error().text;
    } else {
      command = std::make_unique<Command>(std::move(*started));
    }
  }

  void say(const std::string& text) const { REQUIRE(::write(ours_.get(), text.data(), text.size()) > 0); }
  void hang_up() { ours_.reset(); }
  // Up to the end of a line, or what came before the end of the connection.
  std::string line() const {
    std::string text;
    pollfd wait{ours_.get(), POLLIN, 0};
    char byte = 0;
    while (::poll(&wait, 1, kPatience) == 1 && ::read(ours_.get(), &byte, 1) == 1 && byte != '\n')
      text += byte;
    return text;
  }
  bool is_closed() const {
    pollfd wait{ours_.get(), POLLIN, 0};
    char byte = 0;
    return ::poll(&wait, 1, kPatience) == 1 && ::read(ours_.get(), &byte, 1) == 0;
  }
  int status() const {
    siginfo_t end{};
    ::waitid(P_PID, static_cast<id_t>(command->pid()), &end, WEXITED | WNOWAIT);
    return command->ended().value_or(-1);
  }

  std::unique_ptr<Command> command;
  std::string failure;

 private:
  Fd ours_;
};

bool exists(pid_t pid) { return ::kill(pid, 0) == 0; }

}  // namespace

TEST_CASE("a command talks on its standard descriptors, and has no others") {
  Talk talk({"sh", "-c", "read word; echo got $word; echo error >&2; ls /proc/self/fd | tr '\\n' ' '"});
  REQUIRE(talk.failure.empty());
  talk.say("this\n");
  CHECK(talk.line() == "got this");
  CHECK(talk.line() == "error");
  CHECK(talk.line() == "0 1 2 3 ");  // 3 is the directory that ls looks at
  CHECK(talk.status() == 0);
}

TEST_CASE("its environment is what it is given, and its arguments see no shell") {
  Talk talk({"env"}, {"PATH=/usr/bin:/bin", "WORD=a b"});
  CHECK(talk.line() == "PATH=/usr/bin:/bin");
  CHECK(talk.line() == "WORD=a b");
  CHECK(talk.line().empty());
  Talk words({"echo", "$HOME", "*", "a  b"});
  CHECK(words.line() == "$HOME * a  b");
}

TEST_CASE("it leads a session of its own, with every signal as usual") {
  ::signal(SIGPIPE, SIG_IGN);
  Talk talk({"sh", "-c", "grep -E '^(SigIgn|SigBlk)' /proc/self/status; cut -d' ' -f1,5,6 /proc/$$/stat"});
  CHECK(talk.line() == "SigBlk:\t0000000000000000");
  CHECK(talk.line() == "SigIgn:\t0000000000000000");
  const std::string pid = std::to_string(talk.command->pid());
  CHECK(talk.line() == concat(pid, " ", pid, " ", pid));
}

TEST_CASE("a command that cannot be started says why, and leaves nothing") {
  while (::waitpid(-1, nullptr, 0) > 0) {  // those of other tests
  }
  Talk talk({"/nowhere/at-all"});
  CHECK(talk.failure == "start it: No such file or directory");
  CHECK(talk.is_closed());
  CHECK(::waitpid(-1, nullptr, WNOHANG) < 0);
}

TEST_CASE("how it ended is known once") {
  Talk fails({"sh", "-c", "exit 3"});
  CHECK(WEXITSTATUS(fails.status()) == 3);
  CHECK(WEXITSTATUS(*fails.command->ended()) == 3);
  Talk dies({"sh", "-c", "kill -9 $$"});
  CHECK(WTERMSIG(dies.status()) == SIGKILL);
}

TEST_CASE("a signal goes to all that it has started") {
  Talk talk({"sh", "-c", "sleep 1000 & echo started; wait"});
  CHECK(talk.line() == "started");
  talk.command->send_signal(SIGKILL);
  CHECK(talk.is_closed());  // both had the connection
  CHECK(WTERMSIG(talk.status()) == SIGKILL);
}

TEST_CASE("who drops a command ends all of it") {
  Talk talk({"sh", "-c", "trap '' TERM; sleep 1000 & echo started; wait"});
  CHECK(talk.line() == "started");
  const pid_t pid = talk.command->pid();
  talk.command.reset();
  CHECK(talk.is_closed());
  CHECK(::waitpid(pid, nullptr, 0) == pid);
  CHECK(!exists(pid));
}

TEST_CASE("the environment of commands is what export_environment names") {
  ::setenv("COMMAND_TEST_KEPT", "yes", 1);
  ::unsetenv("COMMAND_TEST_UNSET");
  CHECK(exported_environment({"COMMAND_TEST_KEPT", "COMMAND_TEST_UNSET", "LANG=C"}) ==
        std::vector<std::string>{"COMMAND_TEST_KEPT=yes", "LANG=C", "PATH=/usr/bin:/bin"});
  CHECK(exported_environment({"PATH=/opt/bin"}) == std::vector<std::string>{"PATH=/opt/bin"});
}
