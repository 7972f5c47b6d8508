// Reloads of the real master: what goes on, what changes, what an error leaves alone.
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "instance.h"
#include "lib/base/text.h"
#include "lib/config/texts.h"
#include "master/instance.h"

using namespace postern;
using namespace postern::test;

TEST_CASE("the wakeup time of a service without a process goes on after an upgrade") {
  Instance instance;
  instance.write_master_cf("q unix n - n 600 5 echo -o max_idle=1\n");
  REQUIRE(instance.start());
  REQUIRE(soon([&] { return instance.children().size() == 1; }));
  REQUIRE(soon([&] { return instance.children().empty(); }));
  instance.signal(SIGUSR2);
  REQUIRE(soon([&] { return instance.log_says("upgraded -- version"); }));
  CHECK(soon([&] { return instance.children().size() == 1; }));
}

TEST_CASE(
    "a process that is stopped when it shall leave does not stand in the way of the next one for long") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "1", "-o echo_word=old"));
  REQUIRE(instance.start());
  Client first(port);
  const pid_t old = as_pid(first.ask("who"));
  REQUIRE(::kill(old, SIGSTOP) == 0);
  instance.write_master_cf(inet(port, "1", "-o echo_word=new"));
  instance.signal(SIGHUP);
  Client second(port);
  CHECK(second.ask("word", 30000) == "new");
  CHECK(instance.log_says("was to leave, and has done nothing for 10 s: killed"));
  CHECK(!is_alive(old));
}

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

TEST_CASE("a load is reported with the texts that it was about, the start too") {
  Instance instance;
  const unsigned port = free_port(), taken = free_port();
  instance.write_master_cf(inet(port, "5"));
  REQUIRE(instance.start());
  const auto board = daemon::ScoreboardReader::open(instance.path("queue/pid/scoreboard"));
  REQUIRE(board);
  const auto texts = [&] { return config::Texts::read(instance.path("conf")).digest(); };
  auto report = board->last_load();
  REQUIRE(report);
  CHECK(report->number == 1);
  CHECK(report->generation == 1);
  CHECK(report->succeeded);
  CHECK(report->digest == texts());
  Instance other;
  other.write_master_cf(inet(taken, "5"));
  REQUIRE(other.start());
  instance.write_master_cf(inet(port, "5") + inet(taken, "5"));
  instance.signal(SIGHUP);
  REQUIRE(soon([&] { return board->last_load()->number == 2; }));
  report = board->last_load();
  CHECK(!report->succeeded);
  CHECK(report->generation == 1);
  CHECK(report->digest == texts());
  CHECK(
      report->reason.starts_with(concat(instance.path("conf"), "/master.cf, line 2: listen on [127.0.0.1]")));
  CHECK(instance.log_says(report->reason));
  std::filesystem::remove(instance.path("conf/master.cf"));
  instance.signal(SIGHUP);
  REQUIRE(soon([&] { return board->last_load()->number == 3; }));
  CHECK(board->last_load()->digest == config::Digest{});
  instance.write_master_cf(inet(port, "7"));
  instance.signal(SIGHUP);
  REQUIRE(soon([&] { return board->last_load()->number == 4; }));
  CHECK(board->last_load()->succeeded);
  CHECK(board->last_load()->generation == 2);
  CHECK(board->last_load()->digest == texts());
}

TEST_CASE("a reload counts as done when no old process takes another client") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "1", "-o echo_word=0"));
  REQUIRE(instance.start());
  const auto board = daemon::ScoreboardReader::open(instance.path("queue/pid/scoreboard"));
  REQUIRE(board);
  for (int i = 1; i <= 20; ++i) {
    CHECK(Client(port).ask("word") == std::to_string(i - 1));
    instance.write_master_cf(inet(port, "1", concat("-o echo_word=", i)));
    instance.signal(SIGHUP);
    REQUIRE(soon([&] { return board->last_load()->number == static_cast<unsigned>(i) + 1; }));
    CHECK(Client(port).ask("word") == std::to_string(i));
  }
}

TEST_CASE("an old process that does not hear holds a reload up for a moment only") {
  Instance instance;
  const unsigned port = free_port();
  instance.write_master_cf(inet(port, "5"));
  REQUIRE(instance.start());
  const auto board = daemon::ScoreboardReader::open(instance.path("queue/pid/scoreboard"));
  REQUIRE(board);
  const pid_t old = as_pid(Client(port).ask("who"));
  REQUIRE(old > 1);
  ::kill(old, SIGSTOP);
  instance.write_master_cf(inet(port, "5", "-o echo_word=new"));
  instance.signal(SIGHUP);
  CHECK(soon([&] { return board->last_load()->number == 2; }));
  CHECK(board->last_load()->succeeded);
  ::kill(old, SIGCONT);
}

TEST_CASE("a reload that fails takes the sockets of the other new services with it, and makes no log") {
  Instance instance;
  const unsigned port = free_port(), third = free_port();
  instance.write_master_cf(inet(port, "5"));
  REQUIRE(instance.start());
  const Fd taken(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(taken.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(taken.get(), 1) == 0);
  REQUIRE(::getsockname(taken.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  instance.write_main_cf(concat("maillog_file = ", instance.path("other_log"), "\n"));
  instance.write_master_cf(inet(port, "5") + inet(third, "5") + "stream unix - n n - - echo\n" +
                           "datagrams unix-dgram - n n - 1 echo\n" + inet(ntohs(address.sin_port), "5"));
  instance.reload();
  CHECK(soon([&] { return instance.log_says("master.cf, line 5: listen on [127.0.0.1]"); }));
  CHECK(!std::filesystem::exists(instance.path("other_log")));
  CHECK(std::filesystem::is_empty(instance.path("queue/private")));
  CHECK(!Client(third).is_connected());
  CHECK(Client(port).ask("x") == "x");
  instance.write_master_cf(inet(port, "5") + "stream unix - n n - - echo\n" +
                           "datagrams unix-dgram - n n - 1 echo\n");
  instance.signal(SIGHUP);
  CHECK(soon([&] { return std::filesystem::exists(instance.path("other_log")); }));
  CHECK(soon([&] { return std::filesystem::exists(instance.path("queue/private/datagrams")); }));
  CHECK(std::filesystem::exists(instance.path("queue/private/stream")));
}

TEST_CASE("a reload while the mail system stops is refused, and the stop goes on") {
  Instance instance;
  const unsigned port = free_port(), comes = free_port();
  instance.write_master_cf(inet(port, "5"));
  REQUIRE(instance.start());
  Client client(port);
  CHECK(client.ask("x") == "x");
  instance.signal(SIGTERM);
  REQUIRE(soon([&] { return instance.log_says("terminating on signal 15"); }));
  instance.write_master_cf(inet(port, "5") + inet(comes, "5"));
  instance.signal(SIGHUP);
  CHECK(soon([&] { return instance.log_says("error: the mail system is stopping -- "); }));
  CHECK(!Client(comes).is_connected());
  client.close();
  CHECK(instance.wait_for_end() == 0);
}

TEST_CASE("whoever takes the lock of a master that died forgets its process id") {
  Instance instance;
  std::filesystem::create_directories(instance.path("queue/pid"));
  std::ofstream(instance.path("queue/pid/master.pid")) << ::getpid() << "\n";
  // In a process of its own: it goes to the queue directory.
  const pid_t child = ::fork();
  if (child == 0) {
    const auto settings = config::Settings::load(instance.path("conf"));
    config::CommonParams params;
    if (!settings || !params.load(*settings)) ::_exit(1);
    if (!master::Instance::take(params)) ::_exit(2);
    ::_exit(std::filesystem::file_size(instance.path("queue/pid/master.pid")) == 0 ? 0 : 3);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
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
