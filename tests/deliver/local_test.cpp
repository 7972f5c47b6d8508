#include "deliver/local/local.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/deliver/agent_fixture.h"

using namespace postern;
using namespace postern::deliver;

namespace {

std::string me() {
  const passwd* entry = ::getpwuid(::geteuid());
  REQUIRE(entry != nullptr);
  return entry->pw_name;
}

}  // namespace

TEST_CASE("a user's mail goes home, or to the spool directory") {
  table::Account ann;
  ann.name = "ann";
  ann.home = "/homes/ann";
  CHECK(local_mailbox(ann, "", "/var/mail") == "/var/mail/ann");
  CHECK(local_mailbox(ann, "", "/var/mail/") == "/var/mail/ann/");
  CHECK(local_mailbox(ann, "Maildir/", "/var/mail") == "/homes/ann/Maildir/");
  CHECK(local_mailbox(ann, "mbox", "/var/mail/") == "/homes/ann/mbox");
}

TEST_CASE("local delivers to the accounts of this host") {
  const TemporaryDirectory spool;
  const std::string main_cf = "alias_maps =\nrecipient_delimiter = +\nmail_spool_directory = " + spool.path();
  SUBCASE("to a mailbox file") {
    AgentFixture<Local> agent(main_cf);
    CHECK(agent.deliver(message_for({me() + "+list@example.com"})) == "sent 2.0.0 delivered to mailbox");
    CHECK(agent.deliver(message_for({upper(me()) + "@example.com"})) == "sent 2.0.0 delivered to mailbox");
    const auto text = text_of(spool.path(me()));
    CHECK(text.starts_with("From sender@example.org  "));
    CHECK(text.find("\nReturn-Path: <sender@example.org>\nDelivered-To: " + me() +
                    "+list@example.com\nSubject: hello\n") != text.npos);
    CHECK(agent.log_text().find(", relay=local, delay=") != std::string::npos);
  }
  SUBCASE("to a maildir") {
    AgentFixture<Local> agent(main_cf + "/");
    CHECK(agent.deliver(message_for({me() + "@example.com"})) == "sent 2.0.0 delivered to maildir");
    CHECK(std::filesystem::is_directory(spool.path(me() + "/new")));
  }
}

TEST_CASE("local bounces unknown users and loops") {
  const TemporaryDirectory spool;
  AgentFixture<Local> agent("alias_maps =\nrecipient_delimiter = +\nmail_spool_directory = " + spool.path());
  CHECK(agent.deliver(message_for({"No-such-user+x@example.com"})) ==
        "bounced 5.1.1 unknown user: \"no-such-user\"");
  CHECK(agent.deliver(message_for({"../../etc/x@example.com"})).starts_with("bounced 5.1.1"));
  auto message = message_for({me() + "@example.com"});
  message.content = "Delivered-To: " + me() + "@example.com\n\n";
  CHECK(agent.deliver(message) == "bounced 5.4.6 mail forwarding loop for " + me() + "@example.com");
}

TEST_CASE("in a spool directory of a group, mailboxes are made with its rights") {
  if (::geteuid() != 0 || ::getpwnam("daemon") == nullptr) return;
  const TemporaryDirectory spool;
  REQUIRE(::chown(spool.path().c_str(), 0, 8) == 0);
  REQUIRE(::chmod(spool.path().c_str(), 02775) == 0);
  AgentFixture<Local> agent("alias_maps =\nmail_spool_directory = " + spool.path());
  CHECK(agent.deliver(message_for({"daemon@example.com"})) == "sent 2.0.0 delivered to mailbox");
  struct stat status {};
  REQUIRE(::stat(spool.path("daemon").c_str(), &status) == 0);
  CHECK(status.st_uid == ::getpwnam("daemon")->pw_uid);
  CHECK(status.st_gid == 8);
}

TEST_CASE("in a spool directory of root alone, root makes the mailboxes and gives them away") {
  if (::geteuid() != 0 || ::getpwnam("daemon") == nullptr) return;
  const TemporaryDirectory spool;
  REQUIRE(::chmod(spool.path().c_str(), 0755) == 0);
  AgentFixture<Local> agent("alias_maps =\nmail_spool_directory = " + spool.path());
  for (int i = 0; i < 2; ++i) {
    CHECK(agent.deliver(message_for({"daemon@example.com"})) == "sent 2.0.0 delivered to mailbox");
  }
  struct stat status {};
  REQUIRE(::stat(spool.path("daemon").c_str(), &status) == 0);
  CHECK(status.st_uid == ::getpwnam("daemon")->pw_uid);
  CHECK(status.st_gid == ::getpwnam("daemon")->pw_gid);
  CHECK((status.st_mode & 07777) == 0600);
}
