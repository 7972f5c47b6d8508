// The real master with real processes. Run as root, many cases run once more as a user without rights.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "instance.h"
#include "lib/base/text.h"

using namespace postern;
using namespace postern::test;

namespace {

std::string status_of(pid_t pid, const std::string& field) {
  std::ifstream in(concat("/proc/", pid, "/status"));
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(field + ":\t", 0) == 0) return line.substr(field.size() + 2);
  }
  return "";
}

std::uint64_t value_of(const std::vector<daemon::Row>& rows, const std::string& name) {
  for (const auto& row : rows) {
    for (const auto& [key, value] : row.values) {
      if (key == name) return value;
    }
  }
  return 0;
}

}  // namespace

TEST_CASE("a process is started for the first client, and serves the next ones too") {
  for (const As as : users()) {
    CAPTURE(as);
    Instance instance(as);
    const unsigned port = free_port();
    instance.write_master_cf(inet(port, "5", "-o echo_word=hello"));
    REQUIRE(instance.start());
    CHECK(instance.log_says("daemon started -- version "));
    CHECK(instance.children().empty());
    Client first(port);
    CHECK(first.ask("word") == "hello");
    Client second(port);
    CHECK(second.ask("who") == first.ask("who"));
    CHECK(instance.children().size() == 1);
    CHECK(first.ask("open") == "refused");
  }
}

TEST_CASE("clients beyond the session limit get processes of their own, up to the process limit") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "2", "-o process_session_limit=1"));
  REQUIRE(instance.start());
  Client first(port), second(port), third(port);
  const pid_t one = as_pid(first.ask("who"));
  const pid_t two = as_pid(second.ask("who"));
  CHECK(one != two);
  third.say("who");
  CHECK(soon([&] { return instance.log_says("has reached its process limit \"2\""); }));
  CHECK(third.answer(0).empty());
  CHECK(instance.children().size() == 2);
  first.close();
  CHECK(as_pid(third.answer()) == one);
}

TEST_CASE("with one session a process, max_use connections are its life") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "1", "-o process_session_limit=1 -o max_use=2"));
  REQUIRE(instance.start());
  std::vector<pid_t> served;
  for (int i = 0; i < 4; ++i) {
    Client client(port);
    served.push_back(as_pid(client.ask("who")));
  }
  CHECK(served[0] == served[1]);
  CHECK(served[1] != served[2]);
  CHECK(served[2] == served[3]);
}

TEST_CASE("an idle process leaves, and the next client gets another one") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "2", "-o max_idle=1"));
  REQUIRE(instance.start());
  Client first(port);
  const pid_t before = as_pid(first.ask("who"));
  first.close();
  REQUIRE(soon([&] { return !is_alive(before); }));
  Client second(port);
  CHECK(as_pid(second.ask("who")) > 0);
  CHECK(!instance.log_says("warning"));
}

TEST_CASE("a service that fails at its start is throttled, with its last words; others go on") {
  for (const As as : users()) {
    CAPTURE(as);
    Instance instance(as);
    const unsigned bad = free_port(), good = free_port();
    instance.write_master_cf(inet(bad, "2", "-o echo_fails=broken_table") + inet(good, "2"));
    REQUIRE(instance.start());
    Client victim(bad);
    REQUIRE(soon([&] { return instance.log_says("throttling"); }));
    CHECK(instance.log_says("/echo: bad command startup -- throttling"));
    CHECK(soon([&] { return instance.log_says("exit status 1: broken_table: no new process for 0.1 s"); }));
    CHECK(soon([&] { return instance.log_says("exit status 1: broken_table: no new process for 0.4 s"); }));
    const auto report = instance.service("127.0.0.1:" + std::to_string(bad));
    CHECK(report.state == "throttled");
    CHECK(report.last_failure.find("broken_table") != std::string::npos);
    CHECK(report.failures >= 3);
    CHECK(instance.log_says("exit status 1"));
    Client other(good);
    CHECK(other.ask("hello") == "hello");
    CHECK(victim.ask("hello", 50).empty());
    instance.write_master_cf(inet(bad, "2") + inet(good, "2"));
    instance.reload();
    CHECK(victim.answer() == "hello");
  }
}

TEST_CASE("a program that says nothing and ends is throttled, and tried again later") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_program("mute", "#!/bin/sh\necho started >> " + instance.path("count") + "\nexit 3\n");
  instance.write_main_cf("service_throttle_time = 1s\n");
  instance.write_master_cf(concat("127.0.0.1:", port, " inet n - n - 0 mute\n"));
  REQUIRE(instance.start());
  Client client(port);
  const auto starts = [&] {
    std::error_code none;
    return std::filesystem::exists(instance.path("count"), none)
               ? std::filesystem::file_size(instance.path("count")) / std::string("started\n").size()
               : 0;
  };
  CHECK(soon([&] { return starts() == 2; }));
  CHECK(instance.log_says("exit status 3"));
  CHECK(instance.log_says("bad command startup -- throttling"));
}

TEST_CASE("what a program writes to its standard error is in the log, and why it failed in the status") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_program("rude", "#!/bin/sh\necho 'no such library' >&2\nexit 127\n");
  instance.write_master_cf(concat("127.0.0.1:", port, " inet n - n - 0 rude\n"));
  REQUIRE(instance.start());
  Client client(port);
  CHECK(soon([&] { return instance.log_says("rude pid ") && instance.log_says(": no such library"); }));
  CHECK(soon([&] {
    const auto report = instance.service(concat("127.0.0.1:", port));
    return report.last_failure.ends_with("exit status 127: no such library");
  }));
}

TEST_CASE("a service that fails gets one process at a time, each after a longer wait") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "5", "-o echo_fails=broken"));
  REQUIRE(instance.start());
  Client client(port);
  REQUIRE(soon([&] { return instance.log_says("no new process for 0.8 s"); }));
  const auto count = [&](const char* text) {
    std::size_t n = 0;
    const std::string log = instance.log();
    for (auto at = log.find(text); at != log.npos; at = log.find(text, at + 1)) ++n;
    return n;
  };
  CHECK(count("fatal: broken") == 4);
  CHECK(count("no new process for") == 4);
}

TEST_CASE("a program that hangs in its start is killed, and its service waits") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_program("sleepy", "#!/bin/sh\nexec sleep 1000\n");
  instance.write_main_cf("service_start_limit = 1s\n");
  instance.write_master_cf(concat("127.0.0.1:", port, " inet n - n - 1 sleepy\n"));
  REQUIRE(instance.start());
  Client client(port);
  CHECK(soon([&] { return instance.log_says("has not started after 1 s: killed"); }));
  CHECK(soon([&] { return instance.service(concat("127.0.0.1:", port)).last_failure.ends_with(": hung"); }));
}

TEST_CASE("clients do not wait for a process that is stopped: another one comes") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "2"));
  REQUIRE(instance.start());
  Client first(port);
  const pid_t stopped = as_pid(first.ask("who"));
  REQUIRE(::kill(stopped, SIGSTOP) == 0);
  Client second(port);
  const pid_t other = as_pid(second.ask("who", 10000));
  CHECK(other > 0);
  CHECK(other != stopped);
  CHECK(instance.log_says("lets clients wait: it counts as busy"));
  ::kill(stopped, SIGCONT);
  CHECK(first.ask("hello") == "hello");
}

TEST_CASE(
    "of two processes the first one takes the clients, and the other one those that it leaves waiting") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "2"));
  REQUIRE(instance.start());
  Client one(port);
  const pid_t first = as_pid(one.ask("who"));
  REQUIRE(::kill(first, SIGSTOP) == 0);
  Client two(port);
  const pid_t second = as_pid(two.ask("who"));
  REQUIRE(second != first);
  ::kill(first, SIGCONT);
  const auto all_go_to = [port](pid_t process) {
    for (int i = 0; i < 50; ++i) {
      if (as_pid(Client(port).ask("who")) != process) return false;
    }
    return true;
  };
  CHECK(soon([&] { return all_go_to(first); }));
  REQUIRE(::kill(first, SIGSTOP) == 0);
  CHECK(as_pid(Client(port).ask("who")) == second);
  ::kill(first, SIGKILL);
  CHECK(soon([&] { return all_go_to(second); }));
}

TEST_CASE(
    "at its limit a public service is under stress: those that run are told, those that come are started "
    "so") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_main_cf("inet_interfaces = 127.0.0.1\n");
  instance.write_master_cf(concat(port, " inet n - n - 2 echo -o process_session_limit=1\n"));
  REQUIRE(instance.start());
  Client first(port), second(port);
  CHECK(first.ask("stress").empty());
  CHECK(second.ask("who") != "");
  Client third(port);
  CHECK(
      soon([&] { return instance.log_says(concat("\" (", port, ") has reached its process limit \"2\"")); }));
  CHECK(instance.log_says("STRESS_README"));
  CHECK(soon([&] { return first.ask("stress") == "yes"; }));
  CHECK(instance.service(std::to_string(port)).stressed_until > 0);
  ::kill(as_pid(second.ask("who")), SIGKILL);
  CHECK(third.ask("stress") == "yes");
  const std::string words = instance.command_line(as_pid(third.ask("who")));
  CHECK(words.find("stress=yes") != std::string::npos);
}

TEST_CASE("a service that names a loopback address is not put under stress") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "2", "-o process_session_limit=1"));
  REQUIRE(instance.start());
  Client first(port), second(port), third(port);
  CHECK(first.ask("who") != "");
  CHECK(second.ask("who") != "");
  CHECK(soon([&] { return instance.log_says("has reached its process limit"); }));
  CHECK(first.ask("stress").empty());
}

TEST_CASE("a stop ends every process and removes what was made") {
  for (const As as : users()) {
    CAPTURE(as);
    Instance instance(as);
    const unsigned port = free_port();
    instance.write_master_cf(inet(port, "5") + "q unix n - n 1 1 echo\n");
    REQUIRE(instance.start());
    std::vector<pid_t> all;
    {
      Client client(port);
      CHECK(client.ask("x") == "x");
      CHECK(soon([&] { return instance.children().size() == 2; }));
      all = instance.children();
      CHECK(std::filesystem::exists(instance.path("queue/public/q")));
    }
    CHECK(instance.stop() == 0);
    for (const pid_t pid : all) CHECK(!is_alive(pid));
    for (const char* name : {"queue/public/q", "queue/pid/master.pid", "queue/pid/scoreboard"}) {
      CHECK(!std::filesystem::exists(std::filesystem::symlink_status(instance.path(name))));
    }
    CHECK(instance.log_says("terminating on signal 15"));
    CHECK(!instance.log_says("warning: process"));
  }
}

TEST_CASE("a session that goes on and on does not keep master from ending") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "5"));
  REQUIRE(instance.start());
  Client client(port);
  const pid_t child = as_pid(client.ask("who"));
  CHECK(instance.stop() == 0);
  CHECK(!is_alive(child));
  CHECK(client.ask("x").empty());
}

TEST_CASE("a second master is refused, and -t tells of the first one") {
  Instance instance;
  instance.write_master_cf(inet(free_port(), "5"));
  CHECK(instance.run_another({"-t"}).first == 0);
  REQUIRE(instance.start());
  const auto [status, said] = instance.run_another({});
  const std::string text = said;
  CHECK(status == 1);
  CHECK_MESSAGE(
      text.find("fatal: open lock file pid/master.pid: unable to set exclusive lock") != std::string::npos,
      text);
  CHECK(instance.run_another({"-t"}).first == 1);
  CHECK(instance.stop() == 0);
  CHECK(instance.run_another({"-t"}).first == 0);
}

TEST_CASE("a process that is killed is replaced, and its slot is free again") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "5"));
  REQUIRE(instance.start());
  for (int i = 0; i < 5; ++i) {
    Client client(port);
    CHECK(as_pid(client.ask("who")) > 0);
    CHECK(client.ask("crash").empty());
  }
  CHECK(instance.log_says("killed by signal 9"));
  CHECK(!instance.log_says("throttling"));
  CHECK(Client(port).ask("x") == "x");
  const auto rows = instance.rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].slot < 2);
}

TEST_CASE("when master is killed its processes leave, and the next master finds no obstacle") {
  for (const As as : users()) {
    CAPTURE(as);
    Instance instance(as);
    const unsigned port = free_port();
    instance.write_master_cf(inet(port, "5") + "q unix n - n 1 1 echo\n");
    REQUIRE(instance.start());
    Client client(port);
    const pid_t busy = as_pid(client.ask("who"));
    REQUIRE(soon([&] { return instance.children().size() == 2; }));
    const auto all = instance.children();
    instance.signal(SIGKILL);
    instance.wait_for_end();
    CHECK(soon([&] {
      return std::all_of(all.begin(), all.end(), [&](pid_t pid) { return pid == busy || !is_alive(pid); });
    }));
    CHECK(client.ask("still here?") == "still here?");
    client.close();
    CHECK(soon([&] { return !is_alive(busy); }));
    REQUIRE(instance.start());
    CHECK(Client(port).ask("x") == "x");
  }
}

TEST_CASE("a service is woken at its time") {
  Instance instance;
  instance.write_master_cf("q unix n - n 1 1 echo\n");
  REQUIRE(instance.start());
  CHECK(soon([&] { return value_of(instance.rows(), "wakeups") >= 2; }));
  const auto rows = instance.rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].program == "echo");
  CHECK(rows[0].service == "q");
  CHECK(rows[0].generation == 1);
  CHECK(rows[0].state == daemon::State::available);
}

TEST_CASE("services without a program are named once, and do not stand in the way") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "5") +
                           "rewrite unix - - n - - trivial-rewrite\nscache unix - - n - 1 scache\n");
  REQUIRE(instance.start());
  CHECK(instance.log_says("rewrite (trivial-rewrite, line 2), scache (scache, line 3)"));
  CHECK(Client(port).ask("x") == "x");
}

TEST_CASE("the jail is what /proc shows") {
  for (const As as : users()) {
    CAPTURE(as);
    Instance instance(as);
    const unsigned port = free_port();
    instance.write_master_cf(concat("127.0.0.1:", port, " inet n - y - 5 echo\n"));
    REQUIRE(instance.start());
    Client client(port);
    const pid_t child = as_pid(client.ask("who"));
    REQUIRE(child > 0);
    CHECK(status_of(child, "NoNewPrivs") == "1");
#ifndef POSTERN_SANITIZED
    CHECK(status_of(child, "Seccomp") == "2");
#endif
    if (::geteuid() == 0 && as == As::caller) {
      CHECK(status_of(child, "Uid") == "65534\t65534\t65534\t65534");
      CHECK(status_of(child, "CapEff") == "0000000000000000");
      CHECK(std::filesystem::read_symlink(concat("/proc/", child, "/root")) == instance.path("queue"));
      CHECK(!instance.log_says("without root"));
    } else {
      CHECK(instance.log_says("started without root"));
    }
  }
}

TEST_CASE("in the background, the caller's process ends when the services listen") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "5"));
  REQUIRE(instance.run_another({"-w", "-e", "1"}).first == 0);
  CHECK(Client(port).ask("x") == "x");
  CHECK(instance.run_another({"-t"}).first == 1);
  CHECK(soon([&] { return instance.run_another({"-t"}).first == 0; }));
  CHECK(instance.log_says("option -e"));
}

TEST_CASE("a start that fails says why, and leaves no lock behind") {
  Instance instance, other;
  const unsigned taken = free_port();
  other.write_master_cf(inet(taken, "5"));
  REQUIRE(other.start());
  instance.write_master_cf(inet(taken, "5"));
  for (const char* option : {"-s", "-w"}) {
    const auto [status, said] = instance.run_another({option});
    const std::string text = said;
    CHECK(status == 1);
    CHECK_MESSAGE(text.find("master.cf, line 1: listen on [127.0.0.1]") != std::string::npos, text);
  }
  CHECK(!std::filesystem::exists(instance.path("queue/pid/master.pid")));
  instance.write_master_cf("no good\n");
  CHECK(instance.run_another({"-w"}).second.find("line 1") != std::string::npos);
  CHECK(instance.run_another({"-x"}).second.find("usage: master") != std::string::npos);
}

TEST_CASE("one service listens on several sockets") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_main_cf("inet_interfaces = 127.0.0.1, 127.0.0.2\n");
  instance.write_master_cf(concat(port, " inet n - n - 5 echo\n"));
  REQUIRE(instance.start());
  CHECK(Client(port).ask("x") == "x");
  CHECK(Client(port, "127.0.0.2").ask("x") == "x");
  CHECK(instance.children().size() == 1);
}
