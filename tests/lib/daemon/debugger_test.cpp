#include "lib/daemon/debugger.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "lib/base/text.h"
#include "tests/lib/base/temporary_directory.h"

using namespace postern;
using namespace postern::daemon;

namespace {

std::string run(const std::string& script) {
  const TemporaryDirectory directory;
  config::Settings settings(config::MainCf{}, {{"command_directory", "/our/commands"},
                                               {"daemon_directory", "/our/daemons"},
                                               {"config_directory", "/our/files"}});
  const std::string out = concat(directory.path(), "/out");
  const auto done = run_debugger(settings, concat("(", script, ") >", out), "smtpd");
  CHECK(done);
  std::ifstream in(out);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("a debugger_command knows whom to debug, and where everything is") {
  CHECK(run("echo $process_name $process_id $MAIL_CONFIG $config_directory; echo $PATH") ==
        concat("smtpd ", ::getpid(), " /our/files /our/files\n/our/commands:/our/daemons:/usr/bin:/bin\n"));
}

TEST_CASE("it is waited for, and what it leaves in the background is not") {
  CHECK(run("sleep 1000 >/dev/null & echo $! ; kill $!; echo over").find("over\n") != std::string::npos);
}

TEST_CASE("it can be interrupted, although we are not") {
  ::signal(SIGINT, SIG_IGN);
  CHECK(run("sh -c 'kill -INT $$; echo ignored'; echo over") == "over\n");
  ::signal(SIGINT, SIG_DFL);
}

TEST_CASE("without a command there is nothing to run, and that is said") {
  config::Settings settings(config::MainCf{});
  const auto done = run_debugger(settings, " ", "smtpd");
  REQUIRE(!done);
  CHECK(done.error().text == "option -D: no debugger_command is set");
}
