// reload() against processes that hold the lock of a master and answer as each case says. The real one: tests/system.
#include "lib/control/reload.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "lib/base/text.h"
#include "lib/config/texts.h"
#include "lib/control/processes.h"
#include "lib/daemon/scoreboard.h"

using namespace postern;
using namespace postern::control;

namespace fs = std::filesystem;

namespace {

constexpr config::Digest kOtherTexts{7, 7};

// A configuration directory and a queue directory.
class Place {
 public:
  Place() {
    REQUIRE(::mkdtemp(root_.data()) != nullptr);
    fs::create_directories(root_ + "/etc");
    fs::create_directories(root_ + "/queue/pid");
    write("etc/main.cf", concat("queue_directory = ", root_, "/queue\n"));
    write("etc/master.cf", "smtp inet n - n - - smtpd\n");
  }
  ~Place() { fs::remove_all(root_); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
  std::string path(std::string_view name) const { return concat(root_, "/", name); }
  config::Digest digest() const { return config::Texts::read(path("etc")).digest(); }
  MailSystem system() const {
    auto opened = MailSystem::open(path("etc"));
    REQUIRE(opened);
    return std::move(*opened);
  }

 private:
  std::string root_ = "/tmp/control_test_XXXXXX";
};

// What a master does on its Nth SIGHUP.
using Answer = std::function<void(daemon::Scoreboard&, int)>;

class FakeMaster {
 public:
  FakeMaster(const Place& place, const Answer& answer) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    pid_ = ::fork();
    if (pid_ == 0) live(place, answer, ends[1]);
    ::close(ends[1]);
    char byte = 0;
    REQUIRE(::read(ends[0], &byte, 1) == 1);
    ::close(ends[0]);
  }
  ~FakeMaster() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  FakeMaster(const FakeMaster&) = delete;
  FakeMaster& operator=(const FakeMaster&) = delete;
  pid_t pid() const { return pid_; }

 private:
  [[noreturn]] static void live(const Place& place, const Answer& answer, int ready) {
    sigset_t hup;
    sigemptyset(&hup);
    sigaddset(&hup, SIGHUP);
    ::sigprocmask(SIG_BLOCK, &hup, nullptr);
    const int lock = ::open(place.path("queue/pid/master.pid").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    const std::string text = concat(::getpid(), "\n");
    auto board = daemon::Scoreboard::create("1", place.path("etc"));
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0 || ::write(lock, text.data(), text.size()) < 0 || !board)
      ::_exit(1);
    board->begin_load();
    board->load_succeeded(place.digest(), 1);
    const std::string target = concat("/proc/", ::getpid(), "/fd/", board->fd());
    const std::string shown = place.path("queue/pid/scoreboard");
    answer(*board, 0);
    if (::symlink(target.c_str(), shown.c_str()) != 0 || ::write(ready, "r", 1) != 1) ::_exit(1);
    for (int count = 1;; ++count) {
      int number = 0;
      ::sigwait(&hup, &number);
      answer(*board, count);
    }
  }
  pid_t pid_ = -1;
};

}  // namespace

TEST_CASE("a reload that succeeds tells the generation") {
  const Place place;
  const FakeMaster master(place, [&](daemon::Scoreboard& board, int count) {
    if (count == 0) return;
    board.begin_load();
    board.load_succeeded(place.digest(), 1 + static_cast<unsigned>(count));
  });
  const auto system = place.system();
  auto now = reload(system, seconds(20));
  REQUIRE_MESSAGE(now, now.error().text);
  CHECK(now->master == master.pid());
  CHECK(now->generation == 2);
  now = reload(system, seconds(20));
  REQUIRE(now);
  CHECK(now->generation == 3);
}

TEST_CASE("an earlier success with the same texts is no answer") {
  const Place place;
  const FakeMaster master(place, [&](daemon::Scoreboard& board, int count) {
    if (count == 0) return;
    board.begin_load();
    board.load_failed(place.digest(), "master.cf, line 1: Address already in use");
  });
  const auto now = reload(place.system(), seconds(20));
  REQUIRE(!now);
  CHECK(now.error().kind == Errc::invalid);
  CHECK(now.error().text == "master.cf, line 1: Address already in use");
}

TEST_CASE("a report on texts that nobody has any more is no answer: master is asked again") {
  const Place place;
  const FakeMaster master(place, [&](daemon::Scoreboard& board, int count) {
    if (count == 0) return;
    board.begin_load();
    if (count < 3) return board.load_failed(kOtherTexts, "somebody else's mistake");
    board.load_succeeded(place.digest(), 2);
  });
  const auto now = reload(place.system(), seconds(20));
  REQUIRE_MESSAGE(now, now.error().text);
  CHECK(now->generation == 2);
}

TEST_CASE("texts that somebody changes after the call are answered for as they are then") {
  const Place place;
  const FakeMaster master(place, [&](daemon::Scoreboard& board, int count) {
    if (count == 0) return;
    board.begin_load();
    place.write("etc/master.cf", "nonsense\n");
    board.load_failed(place.digest(), "master.cf, line 1: nonsense");
  });
  const auto now = reload(place.system(), seconds(20));
  REQUIRE(!now);
  CHECK(now.error().text == "master.cf, line 1: nonsense");
}

TEST_CASE("texts that change all the time end with the limit") {
  const Place place;
  const FakeMaster master(place, [&](daemon::Scoreboard& board, int count) {
    if (count == 0) return;
    board.begin_load();
    board.load_succeeded(kOtherTexts, 2);
  });
  const auto now = reload(place.system(), milliseconds(300));
  REQUIRE(!now);
  CHECK(now.error().kind == Errc::timeout);
  CHECK(now.error().text.find("change all the time") != std::string::npos);
}

TEST_CASE("a master that cannot read a file is believed") {
  const Place place;
  const FakeMaster master(place, [&](daemon::Scoreboard& board, int count) {
    if (count == 0) return;
    board.begin_load();
    board.load_failed({}, "open master.cf: Permission denied");
  });
  const auto now = reload(place.system(), seconds(20));
  REQUIRE(!now);
  CHECK(now.error().text == "open master.cf: Permission denied");
}

TEST_CASE("of a master that is stuck it is told whether it has begun") {
  for (const bool begins : {false, true}) {
    CAPTURE(begins);
    const Place place;
    const FakeMaster master(place, [&](daemon::Scoreboard& board, int count) {
      if (count > 0 && begins) board.begin_load();
    });
    const auto now = reload(place.system(), seconds(1));
    REQUIRE(!now);
    CHECK(now.error().kind == Errc::timeout);
    CHECK(now.error().text == concat("process ", master.pid(), begins ? " has not ended" : " has not begun",
                                     " the reload after 1 s"));
  }
}

TEST_CASE("a master that dies in the middle is noticed at once") {
  const Place place;
  const FakeMaster master(place, [&](daemon::Scoreboard& board, int count) {
    if (count == 0) return;
    board.begin_load();
    ::_exit(1);
  });
  const auto system = place.system();
  const auto begun = std::chrono::steady_clock::now();
  const auto now = reload(system, seconds(60));
  REQUIRE(!now);
  CHECK(now.error().kind == Errc::lost);
  CHECK(now.error().text == concat("process ", master.pid(), " ended during the reload"));
  CHECK(std::chrono::steady_clock::now() - begun < seconds(30));
}

TEST_CASE("without a master there is nothing to reload, whatever its files say") {
  const Place place;
  CHECK(reload(place.system()).error().kind == Errc::not_found);
  {
    const FakeMaster master(place, [](daemon::Scoreboard&, int) {});
    CHECK(place.system().master() == master.pid());
  }
  CHECK(fs::exists(place.path("queue/pid/master.pid")));
  const auto now = reload(place.system());
  REQUIRE(!now);
  CHECK(now.error().kind == Errc::not_found);
  CHECK(now.error().text == "the mail system is not running");
}

TEST_CASE("a master of another version is not asked") {
  const Place place;
  const FakeMaster master(place, [&](daemon::Scoreboard& board, int count) {
    if (count == 0) board.header().layout = daemon::scoreboard::kLayout + 1;
    if (count > 0) place.write("asked", "");
  });
  const auto now = reload(place.system(), seconds(20));
  REQUIRE(!now);
  CHECK(now.error().kind == Errc::busy);
  CHECK(now.error().text ==
        concat("process ", master.pid(),
               " is a master of another version: stop the mail system and start it again"));
  CHECK(!fs::exists(place.path("asked")));
}

TEST_CASE("a master that has its configuration elsewhere is not asked") {
  const Place place;
  fs::create_directories(place.path("etc2"));
  fs::copy(place.path("etc"), place.path("etc2"));
  const FakeMaster master(place, [&](daemon::Scoreboard&, int count) {
    if (count > 0) place.write("asked", "");
  });
  const auto other = MailSystem::open(place.path("etc2"));
  REQUIRE(other);
  const auto now = reload(*other, seconds(20));
  REQUIRE(!now);
  CHECK(now.error().kind == Errc::busy);
  CHECK(now.error().text == concat("process ", master.pid(), " is a master with the configuration in ",
                                   place.path("etc"), ", not in ", place.path("etc2")));
  CHECK(!fs::exists(place.path("asked")));
}

TEST_CASE("whoever may not signal the master is told so") {
  if (::geteuid() != 0) return;
  const Place place;
  const FakeMaster master(place, [](daemon::Scoreboard&, int) {});
  fs::permissions(place.path(""), fs::perms::others_read | fs::perms::others_exec, fs::perm_options::add);
  const pid_t nobody = ::fork();
  if (nobody == 0) {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(2);
    auto system = MailSystem::open(place.path("etc"));
    if (!system) ::_exit(3);
    const auto now = reload(*system, seconds(20));
    ::_exit(!now && now.error().kind == Errc::denied ? 0 : 4);
  }
  int status = -1;
  ::waitpid(nobody, &status, 0);
  CHECK(status == 0);
}
