// What a process may do, and how long it lives, as its entry in master.cf says.
#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

#include "instance.h"
#include "lib/base/text.h"
#include "lib/daemon/confinement.h"

using namespace postern;
using namespace postern::test;

namespace {

bool is_root(As as) { return ::geteuid() == 0 && as == As::caller; }

std::string entry(unsigned port, const std::string& unprivileged, const std::string& arguments) {
  return concat("127.0.0.1:", port, " inet n ", unprivileged, " n - 5 echo ", arguments, "\n");
}

// The service whose name marks it as one that acts for users.
std::string courier(const std::string& unprivileged) {
  return concat("courier fifo n ", unprivileged, " n - 5 echo\n");
}

void wake_courier(const Instance& instance) {
  std::ofstream(instance.path("queue/public/courier")) << "W" << std::flush;
}

std::optional<daemon::Confinement> confinement(const Instance& instance) {
  for (const auto& row : instance.rows()) {
    if (auto found = daemon::confinement_from(row.values)) return found;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("unprivileged = n makes nobody root who need not be") {
  for (const As as : users()) {
    CAPTURE(as);
    Instance instance(as);
    const unsigned port = free_port();
    instance.write_master_cf(entry(port, "n", ""));
    REQUIRE(instance.start());
    Client client(port);
    CHECK(client.ask("user") != "0");
    CHECK(instance.log_says("program echo runs as nobody, not as root") == is_root(as));
  }
}

TEST_CASE("a program that acts for users stays root, with little of its power") {
  for (const As as : users()) {
    CAPTURE(as);
    Instance instance(as);
    instance.write_master_cf(courier("n"));
    REQUIRE(instance.start());
    wake_courier(instance);
    REQUIRE(soon([&] { return confinement(instance).has_value(); }));
    const auto jail = *confinement(instance);
    CHECK(jail.no_new_privileges);
    CHECK(!jail.user_changed);
    CHECK(daemon::capabilities_in_words(jail.capabilities) ==
          (is_root(as) ? "chown, dac_override, fowner, setgid, setuid" : "none"));
    CHECK((jail.user == 0) == is_root(as));
    CHECK(!instance.log_says("warning"));
  }
}

TEST_CASE("a program that acts for users, and may not, says so and is throttled") {
  for (const As as : users()) {
    CAPTURE(as);
    Instance instance(as);
    instance.write_master_cf(courier("y"));
    REQUIRE(instance.start());
    wake_courier(instance);
    if (is_root(as)) {
      CHECK(soon([&] {
        return instance.log_says(
            "fatal: service courier requires privileged operation: program echo needs "
            "unprivileged = n in master.cf");
      }));
      CHECK(soon([&] { return instance.log_says("throttling"); }));
    } else {
      CHECK(soon([&] { return confinement(instance).has_value(); }));
    }
  }
}

TEST_CASE("with max_use set, a process with many sessions is replaced while it finishes them") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "5", "-o max_use=2"));
  REQUIRE(instance.start());
  Client first(port), second(port);
  const pid_t one = as_pid(first.ask("who"));
  CHECK(as_pid(second.ask("who")) == one);
  Client third(port);
  CHECK(as_pid(third.ask("who")) != one);
  CHECK(first.ask("still here?") == "still here?");
  first.close();
  CHECK(second.ask("and you?") == "and you?");
  second.close();
  CHECK(soon([&] { return !is_alive(one); }));
  CHECK(!instance.log_says("warning"));
}

TEST_CASE("a process that may exist once serves on until nobody is there, then is replaced") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_main_cf("max_use = 2\n");
  instance.write_master_cf(inet(port, "1"));
  REQUIRE(instance.start());
  Client first(port), second(port), third(port);
  const pid_t one = as_pid(first.ask("who"));
  CHECK(as_pid(third.ask("who")) == one);
  for (Client* client : {&first, &second, &third}) client->close();
  CHECK(soon([&] { return !is_alive(one); }));
  CHECK(as_pid(Client(port).ask("who")) > 0);
}

TEST_CASE("max_use that nobody set counts for nothing when a process has many sessions") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "5"));
  REQUIRE(instance.start());
  const std::string first = Client(port).ask("who");
  for (int i = 0; i < 150; ++i) REQUIRE(Client(port).ask("who") == first);
}

TEST_CASE("-v tells of connections, rights and leaving; without it nothing is said") {
  for (const bool verbose : {true, false}) {
    Instance instance;
    const unsigned port = free_port();
    instance.write_master_cf(inet(port, "5", verbose ? "-v -o max_idle=1" : "-o max_idle=1"));
    REQUIRE(instance.start());
    CHECK(Client(port).ask("x") == "x");
    REQUIRE(soon([&] { return instance.children().empty(); }));
    for (const char* text :
         {"connection from [127.0.0.1]:", " ended after ", "leaving: idle", "rights: user "}) {
      CAPTURE(text);
      CHECK(instance.log_says(text) == verbose);
    }
  }
}

TEST_CASE("-D runs the debugger_command before the program begins") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_main_cf(concat("debugger_command = echo $$process_name $$process_id $process_id >",
                                instance.path("debugged"), "\n"));
  instance.write_master_cf(inet(port, "5", "-D"));
  REQUIRE(instance.start());
  const std::string child = Client(port).ask("who");
  std::ifstream in(instance.path("debugged"));
  std::string line;
  std::getline(in, line);
  CHECK(line == concat("echo ", child, " ", child));
  CHECK(instance.log_says("running: echo $process_name"));
}

TEST_CASE("a process that somebody debugs may take its time") {
  Instance instance;
  const unsigned port = free_port(), other = free_port();
  const std::string held = instance.path("held"), started = instance.path("started");
  instance.write_main_cf(concat("service_start_limit = 1\ndebugger_command = echo x >", started,
                                "; while test ! -e ", held, "; do sleep 0.01; done\n"));
  instance.write_program("hangs", "#!/bin/sh\nexec sleep 1000\n");
  instance.write_master_cf(inet(port, "5", "-D") + concat("127.0.0.1:", other, " inet n - n - 1 hangs\n"));
  REQUIRE(instance.start());
  Client client(port);
  client.say("who");
  REQUIRE(soon([&] { return ::access(started.c_str(), F_OK) == 0; }));
  const Client hanging(other);  // started later, and killed for it
  REQUIRE(soon([&] { return instance.log_says("has not started after 1 s: killed"); }));
  std::ofstream(held) << "go on";
  CHECK(as_pid(client.answer()) > 0);
}

TEST_CASE("-D without a command is a mistake that is named") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "5", "-D"));
  CHECK(!instance.start());
  const auto [status, words] = instance.run_another({});
  CHECK(status != 0);
  CHECK(words.find(concat("line 1: service 127.0.0.1:", port,
                          ": option -D, and no debugger_command is set")) != std::string::npos);
}
