// -R: the pairs of a running system. Here the test itself is master: it holds the lock and writes the scoreboard.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/daemon/scoreboard.h"
#include "tests/postconf/postconf_fixture.h"

using namespace postern;
using postconf::Fixture;

namespace {

class Running {
 public:
  Running() : conf("", "") {
    conf.write("main.cf", concat("queue_directory = ", conf.path("queue"), "\n"));
    std::filesystem::create_directories(conf.path("queue/pid"));
    conf.write("queue/pid/master.pid", concat(::getpid(), "\n"));
    lock_ = Fd(::open(conf.path("queue/pid/master.pid").c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0);
    auto made = daemon::Scoreboard::create("1.2.3", "/etc/postern");
    REQUIRE(made);
    board_ = std::move(*made);
    std::filesystem::create_symlink(concat("/proc/self/fd/", board_.fd()), conf.path("queue/pid/scoreboard"));
    add("smtp", "inet");
    add("smtp", "unix");
    add("[::1]:smtp", "inet");
    add("public/odd", "unix");
  }

  void stop() { lock_.reset(); }

  Fixture conf;

 private:
  void add(std::string_view name, std::string_view type) {
    daemon::ServiceReport report;
    report.name = name;
    report.type = type;
    report.program = "smtpd";
    report.state = name_of(daemon::ServiceState::listening);
    const auto row = board_.take_row();
    const auto slot = board_.take_slot();
    REQUIRE(row);
    REQUIRE(slot);
    board_.write_row(*row, report);
    board_.expect(*slot, {"smtpd", name, *row, 1});
    board_.started(*slot, static_cast<pid_t>(1000001 + *slot));
  }

  Fd lock_;
  daemon::Scoreboard board_;
};

}  // namespace

TEST_CASE("what ends early stands for all below, and each part may have patterns") {
  Running system;
  Fixture& conf = system.conf;
  CHECK(conf.says({"-R", "smtp/inet/state"}) == "smtp/inet/state = listening\n");
  CHECK(conf.says({"-R", "smtp/*/state"}) == "smtp/inet/state = listening\nsmtp/unix/state = listening\n");
  CHECK(conf.says({"-R", "smtp/inet/*/state"}) == "smtp/inet/1000001/state = starting\n");
  CHECK(conf.says({"-R", "smtp/inet/1000001/sess*"}) ==
        "smtp/inet/1000001/sessions = 0\nsmtp/inet/1000001/sessions_total = 0\n");
  CHECK(conf.says({"-R", "smtp/inet/100*/s????"}) == "smtp/inet/1000001/state = starting\n");
  CHECK(conf.says({"-R", "smtp/inet/1000001"}).find("smtp/inet/1000001/descriptors =\n") !=
        std::string::npos);
  CHECK(conf.says({"-R", "[::1]:smtp/inet/state"}) == "[::1]:smtp/inet/state = listening\n");
  CHECK(conf.says({"-R", "public/odd/unix/state"}) == "public/odd/unix/state = listening\n");
  CHECK(conf.says({"-R", "smtp//unix/program/"}) == "smtp/unix/program = smtpd\n");
  CHECK(conf.says({"-R", "master/process/version", "smtp/unix/line"}) ==
        "master/process/version = 1.2.3\nsmtp/unix/line = 0\n");
  const std::string all = conf.says({"-R"});
  CHECK(all == conf.says({"-R", "*"}));
  CHECK(all == conf.says({"--running"}));
  CHECK(all.starts_with("master/process/version = 1.2.3\n"));
  CHECK(conf.says({"-R", "smtp"}).size() < all.size());
}

TEST_CASE("it is shown as other pairs are") {
  Running system;
  Fixture& conf = system.conf;
  CHECK(conf.says({"-Rh", "smtp/*/state"}) == "listening\nlistening\n");
  CHECK(conf.says({"-RH", "smtp/inet/state"}) == "smtp/inet/state\n");
  CHECK(conf.says({"-Rj", "smtp/inet/state", "smtp/inet/line"}) ==
        "{\"smtp/inet/line\": \"0\"}\n{\"smtp/inet/state\": \"listening\"}\n");
  CHECK(conf.says({"-R", "smtp/inet/last_failure"}) == "smtp/inet/last_failure =\n");
}

TEST_CASE("what is not there is a warning, and an exit status of its own") {
  Running system;
  Fixture& conf = system.conf;
  CHECK(conf.says({"--status", "-R", "smtp/inet/state"}) == "smtp/inet/state = listening\n");
  CHECK(conf.status == 0);
  CHECK(conf.says({"-R", "smtp/udp", "smtp/inet/no*", "smtp/inet/1/state"}) ==
        "postconf: warning: unmatched request: \"smtp/udp\"\n"
        "postconf: warning: unmatched request: \"smtp/inet/no*\"\n"
        "postconf: warning: unmatched request: \"smtp/inet/1/state\"\n");
  CHECK(conf.status == 0);
  conf.says({"--status", "-R", "smtp/udp"});
  CHECK(conf.status == 3);
  CHECK(conf.says({"-R", "/inet"}) ==
        "postconf: fatal: -R option requires service_name[/type[/name]] or service_name/type/pid[/name]\n");
  CHECK(conf.status == 1);
}

TEST_CASE("a system that does not run is an error") {
  Running system;
  system.stop();
  CHECK(system.conf.says({"-R"}) == "postconf: fatal: the mail system is not running\n");
  CHECK(system.conf.status == 1);
  system.conf.says({"--status", "-R"});
  CHECK(system.conf.status == 3);
}

TEST_CASE("nothing of it can be edited, and other questions do not go with it") {
  Running system;
  const std::string
      edit = "postconf: fatal: -R shows what runs now, and nothing of that can be edited\n",
      other = "postconf: fatal: -R goes with -f, -h, -H, -j and --status, and with no other question\n";
  const std::pair<std::vector<std::string>, std::string> rows[] = {
      {{"-R", "smtp/inet/state=busy"}, edit},
      {{"-R", "-e", "smtp/inet/state=busy"}, edit},
      {{"-RX", "smtp/inet"}, edit},
      {{"-R", "-#", "smtp/inet"}, edit},
      {{"--uncomment", "-R", "smtp/inet"}, edit},
      {{"-R", "--clone", "smtp/inet", "a/inet"}, edit},
      {{"--running", "smtp/inet/state=busy"}, edit},
      {{"-R", "--explain", "smtp/inet"}, other},
      {{"-R", "--where", "chroot=y"}, other},
      {{"-R", "--origin"}, other},
      {{"-R", "--history"}, other},
      {{"-R", "-n"}, "postconf: fatal: with option -R, do not specify -n\n"},
      {{"-R", "-x"}, "postconf: fatal: with option -R, do not specify -x\n"},
      {{"-R", "-F"}, "postconf: fatal: specify one of -F -R\n"},
      {{"biff=yes", "-R", "smtp/inet"}, "postconf: fatal: a query does not go together with an edit\n"},
      {{"biff=yes", "--running", "smtp/inet"},
       "postconf: fatal: a query does not go together with an edit\n"}};
  const auto before = system.conf.text("main.cf");
  for (const auto& row : rows) {
    CAPTURE(row.first[0] + " " + row.first[1]);
    CHECK(system.conf.says(row.first) == row.second);
    CHECK(system.conf.status == 1);
  }
  CHECK(system.conf.text("main.cf") == before);
}
