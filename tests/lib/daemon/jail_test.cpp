#include "lib/daemon/jail.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <thread>

#include "lib/base/text.h"

using namespace postern;
using namespace postern::daemon;

namespace {

// Runs a function in a child; what it returns is the exit status, 200 when it could not enter the jail.
int in_child(const std::function<int()>& function) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(function());
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

int in_jail(const Rights& rights, const std::function<int()>& function) {
  return in_child([&] {
    JailPlan plan;
    plan.directory = "/";
    plan.rights = rights;
    return enter_jail(plan) ? function() : 200;
  });
}

// 0 when the call succeeded, its errno when it did not.
int error_of(long result) { return result >= 0 ? 0 : errno; }

bool refused(int error) { return error == EPERM || error == EACCES; }

struct Directory {
  std::string path = "/tmp/jail_test_XXXXXX";
  Directory() {
    REQUIRE(::mkdtemp(path.data()) != nullptr);
    ::chmod(path.c_str(), 0777);
    for (const char* name : {"/in", "/out"}) ::mkdir((path + name).c_str(), 0777);
  }
  ~Directory() { std::filesystem::remove_all(path); }
};

bool can_filter_calls() {
#ifdef POSTERN_SANITIZED
  return false;
#else
  return true;
#endif
}

}  // namespace

TEST_CASE("a child without rights opens no file, makes no socket, starts nothing") {
  const Rights none;
  CHECK(refused(in_jail(none, [] { return error_of(::open("/etc/passwd", O_RDONLY)); })));
  CHECK(refused(
      in_jail(none, [] { return error_of(::open("/tmp/postern-of-nobody", O_WRONLY | O_CREAT, 0600)); })));
  CHECK(refused(in_jail(none, [] { return error_of(::execl("/bin/true", "true", nullptr)); })));
  if (!can_filter_calls()) return;
  CHECK(in_jail(none, [] { return error_of(::socket(AF_INET, SOCK_STREAM, 0)); }) == EPERM);
  CHECK(in_jail(none, [] { return error_of(::socket(AF_UNIX, SOCK_STREAM, 0)); }) == EPERM);
  CHECK(in_jail(none, [] { return error_of(::fork()); }) == EPERM);
  CHECK(in_jail(none, [] { return error_of(::kill(::getppid(), 0)); }) == EPERM);
  CHECK(in_jail(none, [] { return error_of(::setuid(65534)); }) == EPERM);
  CHECK(in_jail(none, [] {
          return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                         MAP_FAILED
                     ? errno
                     : 0;
        }) == EPERM);
}

TEST_CASE("a child goes on using what it holds") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  CHECK(in_jail({}, [&] { return error_of(::write(ends[0], "x", 1)); }) == 0);
  char byte = 0;
  CHECK(::read(ends[1], &byte, 1) == 1);
  CHECK(byte == 'x');
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("only the paths of the rights are open") {
  const Directory directory;
  Rights rights;
  rights.read = {directory.path + "/in", directory.path + "/missing"};
  rights.write = {directory.path + "/out"};
  const auto create = [&](const char* name) {
    return in_jail(
        rights, [&] { return error_of(::open((directory.path + name).c_str(), O_WRONLY | O_CREAT, 0600)); });
  };
  CHECK(create("/out/file") == 0);
  CHECK(refused(create("/in/file")));
  CHECK(refused(create("/file")));
  CHECK(in_jail(rights, [&] { return error_of(::open((directory.path + "/out/file").c_str(), O_RDONLY)); }) ==
        0);
  CHECK(in_jail(rights, [&] { return error_of(::open((directory.path + "/in").c_str(), O_RDONLY)); }) == 0);
  CHECK(in_jail(rights, [&] { return error_of(::unlink((directory.path + "/out/file").c_str())); }) == 0);
  CHECK(refused(in_jail(rights, [] { return error_of(::open("/etc/passwd", O_RDONLY)); })));
}

TEST_CASE("sockets are made only of the families of the rights") {
  if (!can_filter_calls()) return;
  Rights local;
  local.connect_unix = true;
  CHECK(in_jail(local, [] { return error_of(::socket(AF_UNIX, SOCK_STREAM, 0)); }) == 0);
  CHECK(in_jail(local, [] { return error_of(::socket(AF_INET, SOCK_STREAM, 0)); }) == EPERM);
  CHECK(in_jail(local, [] { return error_of(::socket(AF_NETLINK, SOCK_RAW, 0)); }) == EPERM);
  Rights remote;
  remote.connect_inet = true;
  CHECK(in_jail(remote, [] { return error_of(::socket(AF_INET6, SOCK_STREAM, 0)); }) == 0);
  CHECK(in_jail(remote, [] { return error_of(::socket(AF_UNIX, SOCK_STREAM, 0)); }) == EPERM);
}

TEST_CASE("a client may connect, and not listen on a port") {
  if (Fence::version() < 4) return;
  Rights remote;
  remote.connect_inet = true;
  const auto bind_to = [&](std::uint16_t port) {
    return in_jail(remote, [port] {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(port);
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
      return error_of(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address));
    });
  };
  CHECK(bind_to(0) == 0);
  CHECK(refused(bind_to(50999)));
}

TEST_CASE("threads start only by right, and processes never") {
  if (!can_filter_calls()) return;
  const auto start_thread = [] {
    try {
      std::thread([] {}).join();
    } catch (const std::system_error& error) {
      return error.code().value();
    }
    return 0;
  };
  Rights threads;
  threads.threads = true;
  CHECK(in_jail(threads, start_thread) == 0);
  CHECK(in_jail({}, start_thread) != 0);
  CHECK(in_jail(threads, [] { return error_of(::fork()); }) == EPERM);
}

TEST_CASE("whoever became a user cannot go back") {
  if (::geteuid() != 0) return;
  CHECK(in_child([] {
          const auto identity = find_identity("nobody");
          if (!identity || !become(*identity)) return 1;
          if (::setuid(0) == 0 || ::seteuid(0) == 0 || ::setgid(0) == 0) return 2;
          gid_t groups[64];
          const int count = ::getgroups(64, groups);
          for (int i = 0; i < count; ++i) {
            if (groups[i] == 0) return 3;
          }
          return ::getuid() == identity->uid && ::getgid() == identity->gid ? 0 : 4;
        }) == 0);
}

TEST_CASE("nobody becomes root by the name of mail_owner") {
  const auto root = find_identity("root");
  REQUIRE(root);
  CHECK(become(*root).error().kind == Errc::denied);
  CHECK(find_identity("no-such-user-here").error().kind == Errc::not_found);
}

TEST_CASE("root and user change when root asks for it") {
  if (::geteuid() != 0) return;
  const Directory directory;
  const auto identity = find_identity("nobody");
  REQUIRE(identity);
  CHECK(in_child([&] {
          JailPlan plan;
          plan.directory = directory.path;
          plan.chroot = true;
          plan.identity = &*identity;
          plan.rights.read = {"in"};
          const auto done = enter_jail(plan);
          if (!done || !done->root_changed || !done->user_changed) return 200;
          if (error_of(::open("/in", O_RDONLY)) != 0) return 1;
          return refused(error_of(::open("/out", O_RDONLY))) && ::access("/etc/passwd", F_OK) != 0 ? 0 : 2;
        }) == 0);
}
