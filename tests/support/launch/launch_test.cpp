#include "support/launch/launch.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <sstream>

#include "lib/base/text.h"
#include "support/launch/limits.h"

using namespace postern;
using namespace postern::launch;

namespace {

// The exit status of a process of its own that does this, without root when we have it.
int in_a_process(const std::function<int()>& what) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(99);
    ::_exit(what());
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string why_not(const std::vector<std::string>& words) {
  const auto options = parse_options(words);
  return options ? "" : options.error().text;
}

}  // namespace

TEST_CASE("the command line says what stays open, whom to become, and what to run") {
  const auto options = parse_options({"-k", "8", "-u", "postern", "-r", "/var/spool/postern", "--",
                                      "/usr/lib/postern/greeter", "greeter", "-t", "inet", "--"});
  REQUIRE(options);
  CHECK(options->keep == 8);
  CHECK(options->user == "postern");
  CHECK(options->root == "/var/spool/postern");
  CHECK(options->path == "/usr/lib/postern/greeter");
  CHECK(options->words == std::vector<std::string>{"greeter", "-t", "inet", "--"});
}

TEST_CASE("a command line that master would not write is refused") {
  CHECK(why_not({}) == "this program is started by master: option -k is missing");
  CHECK(why_not({"-k", "7", "--", "/bin/true"}) == "no program to start");
  CHECK(why_not({"-k", "7"}) == "no program to start");
  CHECK(why_not({"-k"}) == "option -k needs a value");
  CHECK(why_not({"-u", "", "-k", "7"}) == "option -u has an empty value");
  CHECK(why_not({"-x", "1"}) == "unknown option -x");
  for (const char* number : {"5", "264", "-1", "x", "99999999999999999999"}) {
    CAPTURE(number);
    CHECK(why_not({"-k", number, "--", "/bin/true", "true"}) ==
          concat("bad number of descriptors: -k ", number));
  }
}

TEST_CASE("the number of processes of a user is what the kernel counts") {
  CHECK(in_a_process([] {
          const auto before = processes_of_user();
          if (!before || *before < 1) return 1;
          int ends[2];
          if (::pipe(ends) != 0) return 2;
          for (int i = 0; i < 20; ++i) {
            const pid_t child = ::fork();
            if (child == 0) {
              ::close(ends[1]);
              char byte = 0;
              ::_exit(::read(ends[0], &byte, 1) == 0 ? 0 : 1);
            }
          }
          const auto after = processes_of_user();
          // Others of this user may come and go meanwhile.
          return after && *after >= *before + 10 ? 0 : 3;
        }) == 0);
}

TEST_CASE("the limits bind, and leave no way back") {
  CHECK(in_a_process([] {
          const auto before = processes_of_user();
          if (!set_limits() || !before) return 1;
          rlimit now{};
          ::getrlimit(RLIMIT_NPROC, &now);
          if (now.rlim_max > *before + 2 * kMoreProcesses || now.rlim_cur != now.rlim_max) return 2;
          ::getrlimit(RLIMIT_NOFILE, &now);
          if (now.rlim_max > kMostDescriptors || now.rlim_cur > kDescriptors) return 3;
          ::getrlimit(RLIMIT_CORE, &now);
          if (now.rlim_max != 0) return 4;
          now.rlim_max = 1;
          return ::setrlimit(RLIMIT_CORE, &now) != 0 ? 0 : 5;
        }) == 0);
}

TEST_CASE("a program that is not there is an error that names it") {
  char path[] = "/tmp/launch_test_XXXXXX";
  const int file = ::mkstemp(path);
  REQUIRE(file >= 0);
  CHECK(in_a_process([&] {
          Options options;
          options.keep = 1 << 20;
          options.path = "/nowhere/at-all";
          options.words = {"at-all"};
          const std::string text = become_program(options).text;
          return ::write(file, text.data(), text.size()) > 0 ? 0 : 1;
        }) == 0);
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  CHECK(text.str() == "start /nowhere/at-all: No such file or directory");
  ::close(file);
  ::unlink(path);
}
