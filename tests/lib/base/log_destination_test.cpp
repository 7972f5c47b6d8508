#include "lib/base/log_destination.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "tests/lib/base/temporary_directory.h"

namespace postern {

namespace {

// A log daemon.
class Daemon {
 public:
  explicit Daemon(const std::string& path)
      : path_(path), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  // Ends as by kill -9: the path stays.
  void die() { fd_.reset(); }
  std::string heard() const {
    char block[100];
    const ssize_t n = ::recv(fd_.get(), block, sizeof block, 0);
    return n < 0 ? "nothing" : std::string(block, static_cast<std::size_t>(n));
  }

 private:
  std::string path_;
  Fd fd_;
};

bool say(int fd) { return ::send(fd, "word", 4, MSG_DONTWAIT | MSG_NOSIGNAL) == 4; }

}  // namespace

TEST_CASE("who shares the socket of the system log hears of its new receiver without looking") {
  TemporaryDirectory directory;
  const std::string path = directory.path("log");
  auto first = std::make_unique<Daemon>(path);
  auto log = log::SystemLog::open(path);
  REQUIRE(log);
  CHECK(log->is_connected());
  const Fd shared(::dup(log->fd()));
  CHECK(say(shared.get()));
  CHECK(first->heard() == "word");
  CHECK(log->renew());

  first->die();
  CHECK(!say(shared.get()));
  CHECK(log->renew());  // nobody has told us yet: the path is still the same
  ::unlink(path.c_str());
  CHECK(!log->renew());
  const Daemon second(path);
  CHECK(!say(shared.get()));
  CHECK(log->renew());
  CHECK(say(shared.get()));
  CHECK(second.heard() == "word");
}

TEST_CASE("a log daemon may come later than we") {
  TemporaryDirectory directory;
  const std::string path = directory.path("log");
  auto log = log::SystemLog::open(path);
  REQUIRE(log);
  CHECK(!log->is_connected());
  CHECK(!say(log->fd()));
  const Daemon daemon(path);
  CHECK(log->renew());
  CHECK(say(log->fd()));
  CHECK(daemon.heard() == "word");
}

TEST_CASE("a receiver that gives its path to another one while it lives is left for that") {
  TemporaryDirectory directory;
  const std::string path = directory.path("log");
  const Daemon first(path);
  auto log = log::SystemLog::open(path);
  REQUIRE(log);
  ::unlink(path.c_str());
  const Daemon second(path);
  CHECK(log->renew());
  CHECK(say(log->fd()));
  CHECK(first.heard() == "nothing");
  CHECK(second.heard() == "word");
}

TEST_CASE("a pipe without a reader is opened at once, and read when a reader comes") {
  std::signal(SIGPIPE, SIG_IGN);
  TemporaryDirectory directory;
  const std::string path = directory.path("pipe");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const auto log = log::open_destination(path);
  REQUIRE(log);
  CHECK((::fcntl(log->get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK(::write(log->get(), "x", 1) < 0);
  CHECK(errno == EPIPE);
  const Fd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
  CHECK(::write(log->get(), "y", 1) == 1);
  char byte = 0;
  CHECK(::read(reader.get(), &byte, 1) == 1);
  CHECK(byte == 'y');
}

TEST_CASE("a terminal is opened so that writing does not wait, and does not become ours") {
  const Fd terminal(::posix_openpt(O_RDWR | O_NOCTTY));
  REQUIRE(terminal);
  REQUIRE(::grantpt(terminal.get()) == 0);
  REQUIRE(::unlockpt(terminal.get()) == 0);
  const auto log = log::open_destination(::ptsname(terminal.get()));
  REQUIRE(log);
  const std::string much(100'000, 'x');  // nobody reads
  CHECK(::write(log->get(), much.data(), much.size()) < 100'000);
  CHECK(::write(log->get(), much.data(), much.size()) < 100'000);
}

TEST_CASE("a directory is no log") {
  TemporaryDirectory directory;
  CHECK(!log::open_destination(directory.path(".")));
}

}  // namespace postern
