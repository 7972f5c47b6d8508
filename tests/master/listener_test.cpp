#include "master/listener.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "lib/base/text.h"
#include "master/endpoint.h"
#include "tests/lib/base/temporary_directory.h"

using namespace postern;
using namespace postern::master;

namespace {

constexpr int kBacklog = 10;

// Services have their paths below the queue directory: this is one, as long as the test lasts.
class Queue {
 public:
  Queue() : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(directory_.path());
    std::filesystem::create_directory("private");
  }
  ~Queue() { std::filesystem::current_path(before_); }

 private:
  TemporaryDirectory directory_;
  std::filesystem::path before_;
};

Address address(Type type) { return *path_address("x", type, true); }

Listener open(Type type, Place place = Place::free) {
  auto listener = open_listener(address(type), kBacklog, place);
  REQUIRE_MESSAGE(listener, (listener ? "" : listener.error().text));
  return std::move(*listener);
}

mode_t mode_of(const char* path) {
  struct stat found {};
  return ::lstat(path, &found) == 0 ? found.st_mode : 0;
}

// True when somebody listens there on a stream socket.
bool is_served(const char* path) {
  const auto endpoint = net::Endpoint::unix_path(path);
  const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&endpoint->storage), endpoint->length) == 0;
}

std::size_t names_in(const char* directory) {
  const auto all = std::filesystem::directory_iterator(directory);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("a FIFO takes bytes from everybody, and never comes to its end") {
  const Queue queue;
  const mode_t mask = ::umask(077);  // master's
  Listener listener = open(Type::fifo);
  ::umask(mask);
  CHECK(mode_of("private/x") == (S_IFIFO | 0622));
  char bytes[10];
  CHECK(::read(listener.fd.get(), bytes, sizeof bytes) == -1);
  CHECK(errno == EAGAIN);
  Fd writer(::open("private/x", O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  REQUIRE(writer);
  CHECK(::write(writer.get(), "WI", 2) == 2);
  writer.reset();
  CHECK(::read(listener.fd.get(), bytes, sizeof bytes) == 2);
  CHECK(::read(listener.fd.get(), bytes, sizeof bytes) == -1);
  CHECK((::fcntl(listener.fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  close_listener(listener);
  CHECK(names_in("private") == 0);
}

TEST_CASE("what a dead master left is replaced, whatever type it had") {
  const Queue queue;
  for (const Type left : {Type::unix, Type::fifo, Type::unix_dgram, Type::pass}) {
    for (const Type next : {Type::unix, Type::fifo, Type::unix_dgram, Type::pass}) {
      open(left).fd.reset();
      Listener listener = open(next);
      CHECK(S_ISFIFO(mode_of("private/x")) == (next == Type::fifo));
      close_listener(listener);
    }
  }
}

TEST_CASE("a file that nobody of us made is in the way, and stays") {
  const Queue queue;
  for (const Type type : {Type::unix, Type::fifo, Type::unix_dgram}) {
    std::ofstream("private/x") << "precious";
    CHECK(!open_listener(address(type), kBacklog));
    CHECK(std::filesystem::file_size("private/x") == 8);
    std::filesystem::remove("private/x");
    std::filesystem::create_symlink("private/elsewhere", "private/x");
    CHECK(!open_listener(address(type), kBacklog));
    CHECK(std::filesystem::is_symlink("private/x"));
    std::filesystem::remove("private/x");
  }
}

TEST_CASE("a service of another type takes the path only when all is ready") {
  const Queue queue;
  Listener before = open(Type::unix);
  {
    NewListeners given_up;
    given_up.add_opened(open(Type::pass, Place::taken));
    given_up.add_opened(open(Type::fifo, Place::taken));
    CHECK(names_in("private") == 3);
    CHECK(is_served("private/x"));
  }
  CHECK(names_in("private") == 1);
  CHECK(is_served("private/x"));
  NewListeners next;
  next.add_opened(open(Type::fifo, Place::taken));
  auto after = next.take();
  CHECK(S_ISFIFO(mode_of("private/x")));
  close_unless_kept(before, {after[0].key, after[0].path});
  CHECK(S_ISFIFO(mode_of("private/x")));
  CHECK(names_in("private") == 1);
  close_listener(after[0]);
  CHECK(names_in("private") == 0);
}

TEST_CASE("a socket that another service goes on with is not ended") {
  const Queue queue;
  Listener mine = open(Type::unix);
  Listener same{mine.key, mine.path, Fd(::fcntl(mine.fd.get(), F_DUPFD_CLOEXEC, 0))};
  close_unless_kept(mine, {same.key, same.path});
  CHECK(is_served("private/x"));
  close_unless_kept(same, {});
  CHECK(!is_served("private/x"));
  CHECK(names_in("private") == 0);
}
