#include "lib/net/socket.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "lib/net/wait.h"
#include "tests/lib/base/temporary_directory.h"
#include "tests/lib/net/support.h"

namespace postern::net {

namespace {

using namespace testing;

// We may have no more descriptors than now while this lives.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t more) {
    ::getrlimit(RLIMIT_NOFILE, &old_);
    const int next = ::dup(0);
    REQUIRE(next >= 0);
    ::close(next);
    rlimit limit = old_;
    limit.rlim_cur = static_cast<rlim_t>(next) + more;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &old_); }

 private:
  rlimit old_{};
};

ino_t inode(const Fd& fd) {
  struct stat status {};
  REQUIRE(::fstat(fd.get(), &status) == 0);
  return status.st_ino;
}

}  // namespace

TEST_CASE("an endpoint is parsed from numbers and nothing else") {
  struct Row {
    const char* in;
    const char* out;
  };
  const Row rows[] = {{"192.0.2.1", "192.0.2.1"},
                      {"2001:db8::1", "2001:db8::1"},
                      {"2001:DB8:0:0::1", "2001:db8::1"},
                      {"::ffff:192.0.2.7", "192.0.2.7"}};
  for (const auto& row : rows) {
    CAPTURE(row.in);
    const auto endpoint = Endpoint::parse(row.in, 25);
    REQUIRE(endpoint);
    CHECK(endpoint->address() == row.out);
    CHECK(endpoint->port() == 25);
    CHECK(endpoint->is_inet());
  }
  using namespace std::string_view_literals;
  for (const auto bad :
       {""sv, "localhost"sv, "192.0.2"sv, "192.0.2.1 "sv, "[::1]"sv, "1.2.3.4\0x"sv, "::1%lo"sv}) {
    CAPTURE(bad);
    const auto endpoint = Endpoint::parse(bad, 25);
    REQUIRE_FALSE(endpoint);
    CHECK(endpoint.error().kind == Errc::invalid);
  }
  CHECK_FALSE(Endpoint::parse("192.0.2.1", 65536));
  CHECK(Endpoint::parse("192.0.2.1", 65535));
}

TEST_CASE("a socket path fits, or is refused") {
  CHECK(Endpoint::unix_path(std::string(107, 'p')));
  CHECK(Endpoint::unix_path(std::string(108, 'p')).error().kind == Errc::too_long);
  CHECK(Endpoint::unix_path("").error().kind == Errc::too_long);
  CHECK(Endpoint::unix_path(std::string("a\0b", 3)).error().kind == Errc::invalid);
  CHECK(Endpoint::unix_path("x")->address() == "unknown");
  CHECK(Endpoint::unix_path("x")->port() == 0);
}

TEST_CASE("listening, connecting and accepting over IPv4 and IPv6") {
  Loop loop;
  for (const char* address : {"127.0.0.1", "::1"}) {
    CAPTURE(address);
    auto listener = listen_on(*Endpoint::parse(address, 0), 5);
    if (!listener && listener.error().sys == EADDRNOTAVAIL) continue;  // a host without IPv6
    REQUIRE(listener);
    CHECK(accept_from(listener->get()).error().kind == Errc::busy);
    const Endpoint to = local_endpoint(listener->get());
    auto fd = finish(loop, connect_to(loop, to, loop.in(seconds(5))));
    REQUIRE(fd);
    auto accepted = accept_from(listener->get());
    REQUIRE(accepted);
    CHECK(accepted->peer.address() == address);
    CHECK(accepted->peer.port() == local_endpoint(fd->get()).port());
    CHECK(peer_endpoint(fd->get()).port() == to.port());
    CHECK((::fcntl(accepted->fd.get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(accepted->fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
    say(*fd, "hello");
    turn_until(loop, [&] { return heard(accepted->fd) == "hello"; });
  }
}

TEST_CASE("a peer that takes nothing is owed little by the system of a server that wants it so") {
  Loop loop;
  const auto listener = listen_on(*Endpoint::parse("127.0.0.1", 0), 8);
  REQUIRE(listener);
  auto theirs = finish(loop, connect_to(loop, local_endpoint(listener->get()), loop.in(seconds(5))));
  REQUIRE(theirs);
  const int least = 1;
  ::setsockopt(theirs->get(), SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
  auto accepted = accept_from(listener->get());
  REQUIRE(accepted);
  keep_little_unsent(accepted->fd.get());
  const std::string reply(14, 'x');
  std::size_t owed = 0;
  while (owed < 1'000'000 && ::send(accepted->fd.get(), reply.data(), reply.size(), MSG_DONTWAIT) > 0)
    owed += reply.size();
  CHECK(owed > 1000);
  CHECK(owed < 150'000);
}

TEST_CASE("a refused connection says so, and names the address") {
  Loop loop;
  Endpoint nobody;
  {
    const auto listener = listen_on(*Endpoint::parse("127.0.0.1", 0), 1);
    nobody = local_endpoint(listener->get());
  }
  const auto before = open_descriptors();
  const auto fd = finish(loop, connect_to(loop, nobody, loop.in(seconds(5))));
  REQUIRE_FALSE(fd);
  CHECK(fd.error().sys == ECONNREFUSED);
  CHECK(fd.error().text.find("127.0.0.1") != std::string::npos);
  CHECK(open_descriptors() == before);
}

TEST_CASE("a UNIX socket replaces the file of a dead one, and knows its peer's user") {
  const TemporaryDirectory directory;
  Loop loop;
  const auto endpoint = *Endpoint::unix_path(directory.path("socket"));
  const auto nobody = finish(loop, connect_to(loop, endpoint, loop.in(seconds(1))));
  CHECK(nobody.error().kind == Errc::not_found);
  { REQUIRE(listen_on(endpoint, 1)); }
  auto listener = listen_on(endpoint, 1);
  REQUIRE(listener);
  const auto fd = finish(loop, connect_to(loop, endpoint, loop.in(seconds(1))));
  REQUIRE(fd);
  CHECK(peer_user(fd->get()) == static_cast<int>(::getuid()));
  CHECK(peer_user(0) == -1);
}

TEST_CASE("a UNIX socket whose queue is full is asked again until there is room, or until the deadline") {
  const TemporaryDirectory directory;
  Loop loop;
  const auto endpoint = *Endpoint::unix_path(directory.path("socket"));
  auto listener = listen_on(endpoint, 0);
  REQUIRE(listener);
  const auto first = finish(loop, connect_to(loop, endpoint, loop.in(seconds(1))));
  REQUIRE(first);
  const auto late = finish(loop, connect_to(loop, endpoint, loop.in(milliseconds(20))));
  REQUIRE_FALSE(late);
  CHECK(late.error().kind == Errc::timeout);
  std::optional<Result<Fd>> second;
  Task<void> task = keep(connect_to(loop, endpoint, loop.in(seconds(5))), second);
  task.handle().resume();
  CHECK_FALSE(second);
  REQUIRE(accept_from(listener->get()));
  turn_until(loop, [&] { return second.has_value(); });
  CHECK(*second);
}

TEST_CASE("accept without descriptors to spare fails with full, and works again afterwards") {
  const TemporaryDirectory directory;
  Loop loop;
  const auto endpoint = *Endpoint::unix_path(directory.path("socket"));
  auto listener = listen_on(endpoint, 5);
  const auto client = finish(loop, connect_to(loop, endpoint, loop.in(seconds(1))));
  REQUIRE(client);
  {
    const DescriptorLimit limit(0);
    const auto accepted = accept_from(listener->get());
    REQUIRE_FALSE(accepted);
    CHECK(accepted.error().kind == Errc::full);
  }
  CHECK(accept_from(listener->get()));
}

TEST_CASE("descriptors travel beside bytes, several at a time, close-on-exec") {
  const TemporaryDirectory directory;
  Pair pair;
  std::vector<Fd> files;
  std::vector<int> numbers;
  for (std::size_t i = 0; i < kMostDescriptors; ++i) {
    files.push_back(*open_file(directory.path(std::to_string(i)), O_RDWR | O_CREAT));
    numbers.push_back(files.back().get());
  }
  REQUIRE(send_with(pair.ours.get(), "eight", numbers) == 5);
  char block[64];
  std::vector<Fd> received;
  REQUIRE(receive_with(pair.theirs.get(), block, sizeof block, received) == 5);
  REQUIRE(received.size() == kMostDescriptors);
  for (std::size_t i = 0; i < kMostDescriptors; ++i) {
    CHECK(inode(received[i]) == inode(files[i]));
    CHECK((::fcntl(received[i].get(), F_GETFD) & FD_CLOEXEC) != 0);
  }
  numbers.push_back(files.front().get());
  CHECK(send_with(pair.ours.get(), "nine", numbers) == -1);
  CHECK(errno == EINVAL);
  REQUIRE(send_with(pair.ours.get(), "none", {}) == 4);
  received.clear();
  CHECK(receive_with(pair.theirs.get(), block, sizeof block, received) == 4);
  CHECK(received.empty());
  CHECK(receive_with(pair.theirs.get(), block, sizeof block, received) == -1);
  CHECK(errno == EAGAIN);
}

TEST_CASE("descriptors that cannot be taken are an error, not a smaller number") {
  Pair pair;
  char block[64];
  std::vector<Fd> received;
  const auto before = open_descriptors();
  REQUIRE(send_with(pair.ours.get(), "x", {0, 0, 0}) == 1);
  {
    const DescriptorLimit limit(1);
    CHECK(receive_with(pair.theirs.get(), block, sizeof block, received) == -1);
    CHECK(errno == EMFILE);
  }
  CHECK(received.empty());
  CHECK(open_descriptors() == before);
}

TEST_CASE("descriptors of a message that is sent in parts arrive once, with its first byte") {
  Pair pair;
  const std::string large(4 << 20, 'x');
  const auto n = send_with(pair.ours.get(), large, {0});
  REQUIRE(n > 0);
  REQUIRE(static_cast<std::size_t>(n) < large.size());
  std::vector<Fd> received;
  std::vector<char> block(1 << 16);
  ssize_t sum = 0;
  while (sum < n) {
    const auto got = receive_with(pair.theirs.get(), block.data(), block.size(), received);
    REQUIRE(got > 0);
    sum += got;
    CHECK(received.size() == 1);
  }
}

}  // namespace postern::net
