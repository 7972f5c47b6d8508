// Reloads of the real master: what goes on, what changes, what an error leaves alone.
#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>

#include "instance.h"
#include "lib/base/text.h"

using namespace postern;
using namespace postern::test;

TEST_CASE("a reload lets sessions go on, and new ones see the new configuration") {
  for (const As as : users()) {
    CAPTURE(as);
    Instance instance(as);
    const unsigned port = free_port();
    instance.write_master_cf(inet(port, "5", "-o echo_word=old"));
    REQUIRE(instance.start());
    Client before(port);
    CHECK(before.ask("word") == "old");
    const pid_t old = as_pid(before.ask("who"));
    instance.write_master_cf(inet(port, "5", "-o echo_word=new"));
    instance.reload();
    REQUIRE(soon([&] { return instance.all_are_leaving(); }));
    Client after(port);
    CHECK(after.ask("word") == "new");
    CHECK(before.ask("word") == "old");
    before.close();
    CHECK(soon([&] { return !is_alive(old); }));
    CHECK(after.ask("word") == "new");
  }
}

TEST_CASE("a process that may exist once is replaced only when it has left") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "1", "-o echo_word=old"));
  REQUIRE(instance.start());
  Client before(port);
  CHECK(before.ask("word") == "old");
  instance.write_master_cf(inet(port, "1", "-o echo_word=new"));
  instance.reload();
  REQUIRE(soon([&] { return instance.all_are_leaving(); }));
  Client after(port);
  after.say("word");
  CHECK(before.ask("word") == "old");
  CHECK(instance.children().size() == 1);
  before.close();
  CHECK(after.answer() == "new");
}

TEST_CASE("a reload touches only what changed") {
  Instance instance;
  const unsigned stays = free_port(), goes = free_port(), comes = free_port();
  instance.write_master_cf(inet(stays, "5") + inet(goes, "5"));
  REQUIRE(instance.start());
  Client client(stays);
  const std::string who = client.ask("who");
  CHECK(Client(goes).ask("x") == "x");
  instance.write_master_cf(inet(stays, "7") + inet(comes, "5"));
  instance.reload();
  CHECK(Client(stays).ask("who") == who);
  CHECK(Client(comes).ask("x") == "x");
  CHECK(!Client(goes).is_connected());
  CHECK(soon([&] { return instance.children().size() == 2; }));
  instance.write_main_cf("max_idle = 50s\n");
  instance.reload();
  REQUIRE(soon([&] { return instance.all_are_leaving(); }));
  CHECK(Client(stays).ask("who") != who);
}

TEST_CASE("a configuration with an error changes nothing, and the log says where it is") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "5", "-o echo_word=old"));
  REQUIRE(instance.start());
  instance.write_master_cf("# a comment\n" + inet(port, "5", "-o echo_word=new") +
                           "smtpd inet n - maybe - - smtpd\n");
  instance.reload();
  CHECK(soon([&] { return instance.log_says("conf/master.cf, line 3: "); }));
  CHECK(instance.log_says("maybe"));
  CHECK(Client(port).ask("word") == "old");
  instance.write_master_cf("# nothing\n");
  instance.reload();
  CHECK(soon([&] { return instance.log_says("conf/master.cf: no service"); }));
  CHECK(Client(port).ask("word") == "old");
  instance.write_master_cf(inet(port, "5", "-o echo_word=new"));
  instance.write_main_cf("default_process_limit = many\n");
  instance.reload();
  CHECK(soon([&] { return instance.log_says("default_process_limit"); }));
  CHECK(Client(port).ask("word") == "old");
  instance.write_main_cf("\nmessage_size_limit = lots\n");  // master itself does not read it
  instance.reload();
  CHECK(soon([&] { return instance.log_says("conf/main.cf, line "); }));
  CHECK(instance.log_says("message_size_limit = lots"));
  CHECK(Client(port).ask("word") == "old");
  instance.write_main_cf("");
  instance.write_master_cf(inet(port, "5", "-o echo_word=new -o smtpd_timeout=soon"));
  instance.reload();
  CHECK(soon([&] { return instance.log_says("conf/master.cf, line 1: service "); }));
  CHECK(Client(port).ask("word") == "old");
  instance.write_master_cf(inet(port, "5", "-o echo_word=new"));
  instance.reload();
  REQUIRE(soon([&] { return instance.all_are_leaving(); }));
  CHECK(Client(port).ask("word") == "new");
}

TEST_CASE("a port that is taken leaves the old configuration in force as a whole") {
  Instance instance;
  Instance other;
  const unsigned port = free_port(), taken = free_port(), third = free_port();
  other.write_master_cf(inet(taken, "5"));
  REQUIRE(other.start());
  instance.write_master_cf(inet(port, "5", "-o echo_word=old"));
  REQUIRE(instance.start());
  instance.write_master_cf(inet(third, "5") + inet(taken, "5") + inet(port, "5", "-o echo_word=new"));
  instance.reload();
  CHECK(soon([&] { return instance.log_says("master.cf, line 2: listen on [127.0.0.1]"); }));
  CHECK(!Client(third).is_connected());
  CHECK(Client(port).ask("word") == "old");
}

TEST_CASE("after a rotation the log goes on in the new file") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "5"));
  REQUIRE(instance.start());
  std::filesystem::rename(instance.path("log"), instance.path("log.1"));
  instance.signal(SIGHUP);
  CHECK(soon([&] { return std::filesystem::exists(instance.path("log")); }));
  CHECK(instance.stop() == 0);
  CHECK(instance.log_says("terminating on signal 15"));
}

TEST_CASE("fifty reloads under load lose no session and refuse no connection") {
  Instance instance;
  const unsigned port = free_port();
  std::vector<Client> lasting;
  instance.write_master_cf(inet(port, "0"));
  REQUIRE(instance.start());
  for (int i = 0; i < 50; ++i) {
    lasting.emplace_back(port);
    CHECK(lasting.back().ask("hello") == "hello");
    instance.write_master_cf(inet(port, "0", concat("-o echo_word=", i)));
    instance.signal(SIGHUP);
    Client passing(port);
    CHECK(passing.ask("hello") == "hello");
  }
  for (Client& client : lasting) CHECK(client.ask("still") == "still");
  lasting.clear();
  CHECK(soon([&] { return instance.children().size() <= 1; }));
}
