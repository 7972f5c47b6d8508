// Services of each type of socket, with the real master.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "instance.h"
#include "lib/base/text.h"
#include "lib/daemon/contract.h"
#include "lib/net/socket.h"

using namespace postern;
using namespace postern::test;

namespace {

std::uint64_t value_of(const Instance& instance, const std::string& name) {
  for (const auto& row : instance.rows()) {
    for (const auto& [key, value] : row.values) {
      if (key == name) return value;
    }
  }
  return 0;
}

Fd connected(const std::string& path, int type) {
  const auto endpoint = net::Endpoint::unix_path(path);
  Fd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&endpoint->storage), endpoint->length) != 0) {
    fd.reset();
  }
  return fd;
}

std::string line_from(const Fd& fd) {
  std::string line;
  pollfd wait{fd.get(), POLLIN, 0};
  for (char byte = 0; ::poll(&wait, 1, 10000) == 1 && ::recv(fd.get(), &byte, 1, 0) == 1 && byte != '\n';) {
    line += byte;
  }
  return line;
}

std::string ask(const Fd& fd, const std::string& question) {
  const std::string line = question + "\n";
  if (::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL) < 0) return "";
  return line_from(fd);
}

// What a session answers that is handed over to a service of type pass.
std::string ask_passed(const std::string& path, const std::string& question) {
  const Fd service = connected(path, SOCK_STREAM);
  if (!service) return "nobody there";
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const Fd client(ends[0]);
  Fd session(ends[1]);
  REQUIRE(net::send_with(service.get(), std::string_view(&daemon::kPassedSession, 1), {session.get()}) == 1);
  session.reset();
  return ask(client, question);
}

bool write_to_fifo(const std::string& path, std::string_view bytes) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  return fd && ::write(fd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
}

}  // namespace

TEST_CASE("a FIFO wakes its service, also by other bytes than master's") {
  for (const As as : users()) {
    CAPTURE(as);
    Instance instance(as);
    instance.write_master_cf("x fifo n - n - 5 echo\n");
    REQUIRE(instance.start());
    const std::string path = instance.path("queue/public/x");
    CHECK(instance.children().empty());
    for (std::uint64_t count = 1; count <= 3; ++count) {
      CHECK(write_to_fifo(path, count == 1 ? "W" : "IDF"));
      REQUIRE(soon([&] { return value_of(instance, "wakeups") == count; }));
    }
    CHECK(instance.children().size() == 1);
    CHECK(instance.stop() == 0);
    CHECK(::access(path.c_str(), F_OK) != 0);
  }
}

TEST_CASE("master wakes services of every type at their time") {
  for (const std::string type : {"fifo", "unix", "pass", "unix-dgram"}) {
    CAPTURE(type);
    Instance instance;
    instance.write_master_cf(
        concat("x ", type, " n - n 1 1 echo", type == "unix-dgram" ? " -o echo_reads=datagrams\n" : "\n"));
    REQUIRE(instance.start());
    const char* counter = type == "unix-dgram" ? "lines" : "wakeups";
    CHECK(soon([&] { return value_of(instance, counter) >= 2; }));
    CHECK(!instance.log_says("warning"));
  }
}

TEST_CASE("a process that nobody triggers leaves, and the next trigger starts another") {
  Instance instance;
  instance.write_master_cf("x fifo n - n - 5 echo -o max_idle=1\n");
  REQUIRE(instance.start());
  const std::string path = instance.path("queue/public/x");
  REQUIRE(write_to_fifo(path, "W"));
  REQUIRE(soon([&] { return value_of(instance, "wakeups") == 1; }));
  REQUIRE(soon([&] { return instance.children().empty(); }));
  REQUIRE(write_to_fifo(path, "W"));
  CHECK(soon([&] { return value_of(instance, "wakeups") == 1; }));
  CHECK(!instance.log_says("warning"));
}

TEST_CASE("a service that is full of triggers is woken as often as it can bear") {
  Instance instance;
  instance.write_master_cf("x fifo n - n - 1 echo\n");
  REQUIRE(instance.start());
  const std::string path = instance.path("queue/public/x");
  const std::string many(4096, 'W');
  const Fd writer(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  for (int i = 0; i < 200; ++i) {
    if (::write(writer.get(), many.data(), many.size()) < 0) CHECK(errno == EAGAIN);
  }
  REQUIRE(soon([&] { return value_of(instance, "wakeups") > 0; }));
  CHECK(value_of(instance, "wakeups") < 1000);
}

TEST_CASE("sessions are handed over, and what is none is refused in the log") {
  for (const As as : users()) {
    CAPTURE(as);
    Instance instance(as);
    instance.write_master_cf("x pass - - n - 5 echo -o echo_word=mine\n");
    REQUIRE(instance.start());
    const std::string path = instance.path("queue/private/x");
    CHECK(ask_passed(path, "word") == "mine");
    CHECK(ask_passed(path, "who") == ask_passed(path, "who"));
    const Fd wrong = connected(path, SOCK_STREAM);
    REQUIRE(::send(wrong.get(), "x", 1, MSG_NOSIGNAL) == 1);
    CHECK(line_from(wrong).empty());
    CHECK(soon([&] {
      return instance.log_says(
          concat("session refused that user ", ::geteuid(), " hands over: 0 descriptors"));
    }));
    CHECK(ask_passed(path, "word") == "mine");
  }
}

TEST_CASE("a service whose type changes has a socket at its path all the time") {
  Instance instance;
  const std::string path = instance.path("queue/public/x");
  const auto entry = [](const std::string& type) {
    return concat("x ", type, " n - n - 5 echo", type == "unix-dgram" ? " -o echo_reads=datagrams\n" : "\n");
  };
  instance.write_master_cf(entry("unix"));
  REQUIRE(instance.start());
  const Fd session = connected(path, SOCK_STREAM);
  CHECK(ask(session, "before") == "before");
  for (const std::string type :
       {"pass", "unix", "fifo", "pass", "unix-dgram", "unix", "unix-dgram", "fifo", "unix"}) {
    CAPTURE(type);
    instance.write_master_cf(entry(type));
    instance.reload();
    if (type == "pass") CHECK(ask_passed(path, "hello") == "hello");
    if (type == "unix") CHECK(ask(connected(path, SOCK_STREAM), "hello") == "hello");
    if (type == "fifo") CHECK(write_to_fifo(path, "W"));
    if (type == "unix-dgram") CHECK(::send(connected(path, SOCK_DGRAM).get(), "x", 1, MSG_NOSIGNAL) == 1);
    CHECK(ask(session, "still here?") == "still here?");
  }
  CHECK(!instance.log_says("warning"));
  CHECK(!instance.log_says("error"));
  CHECK(instance.stop() == 0);
  CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST_CASE("a change of type that fails leaves the old socket where it is") {
  Instance instance, other;
  const unsigned taken = free_port();
  other.write_master_cf(inet(taken, "5"));
  REQUIRE(other.start());
  instance.write_master_cf("x unix n - n - 5 echo\n");
  REQUIRE(instance.start());
  instance.write_master_cf("x pass n - n - 5 echo\n" + inet(taken, "5"));
  instance.reload();
  CHECK(instance.log_says("stays in force"));
  CHECK(ask(connected(instance.path("queue/public/x"), SOCK_STREAM), "hello") == "hello");
  instance.write_master_cf("x unix n - n - 5 echo\nx pass n - n - 5 echo\n");
  instance.reload();
  CHECK(instance.log_says("socket public/x is already in use by service x of type unix on line 1"));
  CHECK(ask(connected(instance.path("queue/public/x"), SOCK_STREAM), "hello") == "hello");
}

TEST_CASE("a program that cannot serve the type says so") {
  Instance instance;
  instance.write_master_cf("x unix-dgram n - n - 5 echo\n");
  REQUIRE(instance.start());
  const Fd socket = connected(instance.path("queue/public/x"), SOCK_DGRAM);
  REQUIRE(::send(socket.get(), "x", 1, MSG_NOSIGNAL) == 1);
  CHECK(soon([&] { return instance.log_says("program echo cannot serve a socket of type unix-dgram"); }));
}
