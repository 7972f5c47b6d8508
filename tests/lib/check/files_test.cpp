#include <unistd.h>

#include "tests/lib/check/fixture.h"

using namespace postern;
using namespace postern::check;

TEST_CASE("directories that cannot be used") {
  const std::vector<Case> cases{
      {"queue_directory = relative\n",
       {"error main.cf:1 parameter queue_directory: relative: not an absolute path"}},
      {"data_directory = /nonexistent/data\n",
       {"error main.cf:1 parameter data_directory: /nonexistent/data: there is no directory "
        "/nonexistent"}},
      {"queue_directory = /dev/null\n",
       {"error main.cf:1 parameter queue_directory: /dev/null: not a directory"}},
      {"maillog_file = /nonexistent/log\n",
       {"error main.cf:1 parameter maillog_file: /nonexistent/log: there is no directory /nonexistent"}},
  };
  check_cases(System(), cases);
}

TEST_CASE("users that are not there") {
  if (::geteuid() != 0) return;  // nobody else changes user
  const std::vector<Case> cases{
      {"mail_owner = nosuchuser\n", {"error main.cf:1 parameter mail_owner: unknown user: nosuchuser"}},
      {"mail_owner = root\n", {"error main.cf:1 parameter mail_owner: root is root"}},
      {"setgid_group = nosuchgroup\n",
       {"error main.cf:1 parameter setgid_group: unknown group: nosuchgroup"}},
  };
  check_cases(System(), cases);
}

TEST_CASE("files that others may write") {
  const System system;
  system.write("main.cf", "", 0666);
  CHECK(system.judge("") == Lines{"warning main.cf:0 group or others may write it: chmod go-w DIR/main.cf"});
}
