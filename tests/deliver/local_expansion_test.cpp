// Aliases, .forward files and what they lead to, with cleanup, which is the test, at the other end of its socket.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "deliver/local/local.h"
#include "lib/ipc/messages/notify.h"
#include "lib/ipc/messages/submit.h"
#include "lib/ipc/server.h"
#include "tests/deliver/agent_fixture.h"
#include "tests/deliver/like.h"

using namespace postern;
using namespace postern::deliver;

namespace {

// A queue directory with cleanup's socket in it, where the test is while it lives.
class Queue {
 public:
  Queue() : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(directory_.path());
    std::filesystem::create_directory("public");
    std::filesystem::create_directory("private");
    ::chmod(directory_.path().c_str(), 0755);
  }
  ~Queue() { std::filesystem::current_path(before_); }
  std::string path(const std::string& name) const { return directory_.path(name); }

 private:
  std::filesystem::path before_;
  TemporaryDirectory directory_;
};

// Takes one connection at a path below the queue directory and serves it.
template <class C>
class Peer {
 public:
  Peer(net::Loop& loop, const std::string& path, typename C::Answer answer)
      : loop_(loop),
        answer_(std::move(answer)),
        listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        scope_(loop) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_.get(), 5) == 0);
    REQUIRE(set_nonblocking(listener_.get()));
    handlers_.on<C>([this](typename C::Question question) { return take(std::move(question)); });
    scope_.spawn(serve());
  }
  std::vector<typename C::Question> asked;
  typename C::Answer& answer() { return answer_; }

 private:
  net::Task<typename C::Answer> take(typename C::Question question) {
    asked.push_back(std::move(question));
    co_return answer_;
  }
  net::Task<void> serve() {
    net::Readiness readiness(loop_, listener_.get());
    Fd accepted;
    while (!accepted) {
      accepted = Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (accepted) break;
      const bool ready = co_await readiness.readable(Deadline::max());
      if (!ready) co_return;
    }
    co_await ipc::serve(loop_, std::move(accepted), handlers_);
  }
  net::Loop& loop_;
  typename C::Answer answer_;
  Fd listener_;
  ipc::Handlers handlers_;
  net::Scope scope_;
};

ServiceEntry local_entry() {
  ServiceEntry entry;
  entry.name = "local";
  return entry;
}

// local with these aliases, in a queue directory of its own.
struct System {
  explicit System(const std::string& aliases, const std::string& more = "")
      : agent(main_cf(queue, aliases, more), local_entry()),
        cleanup(agent.loop, "public/cleanup", accepted()) {
    ::chmod(queue.path("spool").c_str(), 01777);
  }
  static ipc::Outcome accepted() {
    ipc::Outcome outcome;
    outcome.code = 250;
    return outcome;
  }
  static std::string main_cf(const Queue& queue, const std::string& aliases, const std::string& more) {
    std::filesystem::create_directory("spool");
    std::ofstream("aliases") << aliases;
    return "alias_maps = texthash:" + queue.path("aliases") +
           "\nrecipient_delimiter = +\nmydestination = example.com\n" +
           "myorigin = example.com\nmail_spool_directory = " + queue.path("spool") +
           "\nlocal_recipient_maps =\n" + "default_privs = daemon\n" + more;
  }
  std::string deliver(const std::string& address) { return agent.deliver(message_for({address})); }
  // What went to cleanup: "SENDER > RECIPIENT RECIPIENT", one for each message.
  std::string forwarded() const {
    std::string text;
    for (const auto& one : cleanup.asked) {
      text += concat(text.empty() ? "" : "; ", one.sender, " >");
      for (const auto& recipient : one.recipients) text += concat(" ", recipient.address);
    }
    return text;
  }

  Queue queue;
  AgentFixture<Local> agent;
  Peer<ipc::SubmitCall> cleanup;
};

std::string mailbox(const System& system, const std::string& user) {
  return text_of(system.queue.path("spool/" + user));
}

}  // namespace

TEST_CASE("what aliases lead to") {
  const std::string mailbox = "sent 2.0.0 delivered to mailbox";
  const struct {
    std::string aliases, address, result, forwarded;
  } rows[] = {
      {"list ann@x.org, bob@y.org\n", "list@example.com", "sent 2.0.0 forwarded as *",
       "sender@example.org > ann@x.org bob@y.org"},
      {"list ann@x.org, ann@x.org\n", "List@example.com", "sent *", "sender@example.org > ann@x.org"},
      {"one two\ntwo three\nthree daemon\n", "one@example.com", mailbox, ""},
      {"postmaster daemon\n", "postmaster@example.com", mailbox, ""},
      {"daemon daemon, ann@x.org\n", "daemon@example.com", "sent 2.0.0 forwarded as *",
       "sender@example.org > ann@x.org"},
      {"daemon \\daemon\n", "daemon@example.com", mailbox, ""},
      {"a b\nb a\n", "a@example.com", "bounced 5.4.6 recipient nesting limit exceeded", ""},
      {"list+x ann@x.org\nlist bob@x.org\n", "list+x@example.com", "sent *",
       "sender@example.org > ann@x.org"},
      {"list bob@x.org\n", "list+y@example.com", "sent *", "sender@example.org > bob@x.org"},
      {"list ann@x.org, daemon\nowner-list eve@z.org\n", "list@example.com", "sent *",
       "owner-list@example.com > ann@x.org daemon@example.com"},
      {"gone /dev/null\n", "gone@example.com", "sent 2.0.0 delivered to file: /dev/null", ""},
      {"prog \"|exit 0\"\n", "prog@example.com", "sent 2.0.0 delivered to command: exit 0", ""},
      {"prog \"|exit 75\", ann@x.org\n", "prog@example.com", "deferred 4.3.0 temporary failure", ""},
      {"prog \"|exit 69\", ann@x.org\n", "prog@example.com", "bounced 5.3.0 service unavailable",
       "sender@example.org > ann@x.org"},
      {"bad a@b@c\n", "bad@example.com", "bounced 5.1.3 bad recipient address syntax: a@b@c", ""},
      {"list :include:relative\n", "list@example.com", "bounced 5.3.5 mail system configuration error", ""},
      {"list :include:/no/such/file\n", "list@example.com", "bounced 5.3.5 mail system configuration error",
       ""},
      {"", "nobody-here@example.com", "bounced 5.1.1 unknown user: \"nobody-here\"", ""},
      {"", "+x@example.com", "bounced 5.1.1 unknown user: \"+x\"", ""},
      {"", "postmaster@example.com", "sent 2.0.0 discarded", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.aliases);
    CAPTURE(row.address);
    System system(row.aliases);
    const auto result = system.deliver(row.address);
    CAPTURE(result);
    CHECK(like(result, row.result));
    CHECK(system.forwarded() == row.forwarded);
  }
}

TEST_CASE("what is forwarded says through whom, and settles its recipient") {
  System system("list ann@x.org\n");
  auto message = message_for({"list@example.com<First@example.com"});
  message.recipients[0].notify = "SUCCESS,FAILURE";
  message.recipients[0].orcpt = "rfc822;First@example.com";
  message.envid = "E1";
  message.ret = "HDRS";
  message.client.address = "192.0.2.1";
  CHECK(like(system.agent.deliver(message), "sent 2.0.0 forwarded as *"));
  REQUIRE(system.cleanup.asked.size() == 1);
  const auto& sent = system.cleanup.asked[0];
  CHECK(sent.source == ipc::Source::forwarded);
  CHECK(sent.settles.how == ipc::Settling::forwarded);
  CHECK(sent.settles.queue_id == 0xABC);
  CHECK(sent.settled == std::vector<std::int64_t>{100});
  CHECK(sent.envid == "E1");
  CHECK(sent.ret == "HDRS");
  CHECK(sent.client.address == "192.0.2.1");
  CHECK(sent.recipients[0].notify == "FAILURE");
  CHECK(sent.recipients[0].orcpt == "rfc822;First@example.com");
  CHECK(sent.recipients[0].original == "First@example.com");
  CHECK(sent.content == "Delivered-To: list@example.com\nSubject: hello\n\nbody\n");
  CHECK(system.agent.answers.at(1).results[0].arrival == ipc::Arrival::expanded);
  CHECK(
      like(system.agent.log_text(),
           "*: ABC: to=<list@example.com>, orig_to=<First@example.com>, relay=local, *dsn=2.0.0, status=sent "
           "(forwarded as *)\n"));
}

TEST_CASE("nothing that its sender wished goes to the members of a list with an owner") {
  System system("list ann@x.org\nowner-list eve\n");
  auto message = message_for({"list@example.com"});
  message.recipients[0].notify = "SUCCESS";
  message.envid = "E1";
  CHECK(like(system.agent.deliver(message), "sent *"));
  REQUIRE(system.cleanup.asked.size() == 1);
  CHECK(system.cleanup.asked[0].envid.empty());
  CHECK(system.cleanup.asked[0].recipients[0].notify.empty());
  CHECK(system.agent.answers.at(1).results[0].arrival == ipc::Arrival::delivered);
}

TEST_CASE("the owner of a list hears of a command that fails, and its sender does not") {
  System system("list \"|echo gone; exit 67\", ann@x.org\nowner-list eve\n");
  Peer<ipc::NotifyCall> bounce(system.agent.loop, "private/bounce", System::accepted());
  CHECK(like(system.deliver("list@example.com"), "sent 2.0.0 forwarded as *"));
  CHECK(system.forwarded() == "owner-list@example.com > ann@x.org");
  REQUIRE(bounce.asked.size() == 1);
  CHECK(bounce.asked[0].sender == "owner-list@example.com");
  REQUIRE(bounce.asked[0].recipients.size() == 1);
  CHECK(bounce.asked[0].recipients[0].number == 0);
  CHECK(bounce.asked[0].recipients[0].reason == "user unknown. Command output: gone");
  bounce.answer().code = 451;
  CHECK(like(system.deliver("list@example.com"), "deferred 4.3.0 user unknown*"));
  System soft("list \"|exit 67\"\nowner-list eve\n", "soft_bounce = yes\n");
  CHECK(like(soft.deliver("list@example.com"), "deferred 4.1.1 user unknown"));
}

TEST_CASE("an alias in a list is the list's, unless owners are reset") {
  const std::string aliases = "list sub, ann@x.org\nowner-list eve\nsub daemon\n";
  System usual(aliases);
  CHECK(like(usual.deliver("list@example.com"), "sent 2.0.0 forwarded as *"));
  CHECK(usual.forwarded() == "owner-list@example.com > daemon@example.com ann@x.org");
  System reset(aliases, "reset_owner_alias = yes\n");
  CHECK(like(reset.deliver("list@example.com"), "sent 2.0.0 forwarded as *"));
  CHECK(reset.forwarded() == "owner-list@example.com > ann@x.org");
  CHECK_FALSE(mailbox(reset, "daemon").empty());
}

TEST_CASE("what cleanup will not have, or cannot have now") {
  System system("list ann@x.org\n");
  system.cleanup.answer().code = 554;
  system.cleanup.answer().dsn = "5.4.0";
  system.cleanup.answer().text = "Error: too many hops";
  CHECK(system.deliver("list@example.com") == "bounced 5.4.0 Error: too many hops");
  system.cleanup.answer().code = 451;
  CHECK(system.deliver("list@example.com") == "deferred 4.3.0 unable to forward message");
}

TEST_CASE("a table that cannot answer makes mail wait") {
  System broken("", "alias_maps = fail:down\n");
  CHECK(broken.deliver("daemon@example.com") == "deferred 4.3.0 alias database unavailable");
  System absent("", "alias_maps = texthash:/no/such/file\n");
  CHECK(absent.deliver("daemon@example.com") == "deferred 4.3.0 alias database unavailable");
}

TEST_CASE("where commands and files may be named") {
  const std::string aliases = "prog \"|exit 0\"\nfile /dev/null\n";
  System system(aliases, "allow_mail_to_commands = forward\nallow_mail_to_files = include\n");
  CHECK(system.deliver("prog@example.com") == "bounced 5.7.1 mail to command is restricted");
  CHECK(system.deliver("file@example.com") == "bounced 5.7.1 mail to file is restricted");
}

TEST_CASE("files of aliases are written as default_privs") {
  if (::geteuid() != 0) return;
  System system("");
  std::filesystem::create_directory("out");
  REQUIRE(::chmod("out", 0777) == 0);
  const std::string mbox = system.queue.path("out/mbox"), maildir = system.queue.path("out/dir/");
  std::ofstream("aliases") << "file " << mbox << "\ndir " << maildir << "\nshut /proc/no\n";
  AgentFixture<Local> agent(System::main_cf(system.queue, text_of("aliases"), ""), local_entry());
  CHECK(agent.deliver(message_for({"file@example.com"})) == "sent 2.0.0 delivered to file: " + mbox);
  CHECK(agent.deliver(message_for({"file@example.com"})) == "sent 2.0.0 delivered to file: " + mbox);
  CHECK(agent.deliver(message_for({"dir@example.com"})) == "sent 2.0.0 delivered to maildir");
  CHECK(like(agent.deliver(message_for({"shut@example.com"})),
             "deferred 4.2.0 cannot append message to file /proc/no: *"));
  struct stat status {};
  REQUIRE(::stat(mbox.c_str(), &status) == 0);
  CHECK(status.st_uid == ::getpwnam("daemon")->pw_uid);
  CHECK(like(text_of(mbox),
             "From sender@example.org  *\nReturn-Path: <sender@example.org>\nDelivered-To: "
             "file@example.com\nSubject: hello\n\nbody\n\nFrom sender@*"));
  CHECK(std::filesystem::is_directory(maildir + "new"));
}

TEST_CASE("a command of an alias, and what it is given") {
  System system(
      "prog \"|(id -un; echo $USER $SENDER $RECIPIENT $LOCAL $EXTENSION $DOMAIN $CLIENT_ADDRESS; cat) >&2; "
      "exit 65\"\n");
  auto message = message_for({"prog+e;x@example.com"});
  message.client.address = "192.0.2.1";
  const auto result = system.agent.deliver(message);
  CAPTURE(result);
  const std::string who = ::geteuid() == 0 ? "daemon" : "*";
  CHECK(like(
      result,
      "bounced 5.6.0 data format error. Command output: " + who +
          " prog sender@example.org prog+e_x@example.com prog+e_x e_x example.com 192.0.2.1 From "
          "sender@example.org  * Return-Path: <sender@example.org> Delivered-To: \"prog+e;x\"@example.com "
          "Subject: hello  body"));
  CHECK(like(system.agent.answers.at(1).results[0].diagnostic, "x-unix; *"));
}

TEST_CASE("a user's .forward file") {
  if (::geteuid() != 0) return;
  const std::string more =
      "forward_path = " + std::filesystem::temp_directory_path().string() + "/none-$user, /";
  System system("", "");
  std::filesystem::create_directory("fwd");
  const std::string path = "forward_path = " + system.queue.path("fwd") + "/$user.$extension, " +
                           system.queue.path("fwd/$user") + "\n";
  const auto uid = ::getpwnam("daemon")->pw_uid;
  const auto write = [&](const std::string& name, const std::string& text, uid_t owner, mode_t mode) {
    std::ofstream("fwd/" + name) << text;
    REQUIRE(::chown(("fwd/" + name).c_str(), owner, 0) == 0);
    REQUIRE(::chmod(("fwd/" + name).c_str(), mode) == 0);
  };
  const struct {
    std::string text;
    uid_t owner;
    mode_t mode;
    std::string result;
  } rows[] = {
      {"ann@x.org\n", uid, 0600, "sent 2.0.0 forwarded as *"},
      {"# nobody\n\n", uid, 0600, "sent 2.0.0 delivered to mailbox"},
      {"\\daemon, ann@x.org\n", uid, 0600, "sent 2.0.0 forwarded as *"},
      {"daemon\n", uid, 0600, "sent 2.0.0 delivered to mailbox"},
      {"ann@x.org\n", 0, 0644, "sent 2.0.0 forwarded as *"},
      {"ann@x.org\n", 2, 0644, "sent 2.0.0 delivered to mailbox"},
      {"ann@x.org\n", uid, 0666, "sent 2.0.0 delivered to mailbox"},
      {"|\"test $(id -un) = daemon\"\n", uid, 0600,
       "sent 2.0.0 delivered to command: test $(id -un) = daemon"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    write("daemon", row.text, row.owner, row.mode);
    AgentFixture<Local> agent(System::main_cf(system.queue, "", path), local_entry());
    std::filesystem::remove("public/cleanup");
    Peer<ipc::SubmitCall> cleanup(agent.loop, "public/cleanup", System::accepted());
    const auto result = agent.deliver(message_for({"daemon@example.com"}));
    CAPTURE(result);
    CHECK(like(result, row.result));
  }
  write("daemon.list", "bob@x.org\n", uid, 0600);
  AgentFixture<Local> agent(System::main_cf(system.queue, "", path), local_entry());
  std::filesystem::remove("public/cleanup");
  Peer<ipc::SubmitCall> cleanup(agent.loop, "public/cleanup", System::accepted());
  CHECK(like(agent.deliver(message_for({"daemon+list@example.com"})), "sent 2.0.0 forwarded as *"));
  CHECK(cleanup.asked.at(0).recipients.at(0).address == "bob@x.org");
}

TEST_CASE("mailbox_command, transports, luser_relay, and questions") {
  System command("", "mailbox_command = exit 67\n");
  CHECK(command.deliver("daemon@example.com") == "bounced 5.1.1 user unknown");
  System by_table("", "mailbox_command_maps = inline:{ {daemon = exit 75} }\n");
  CHECK(by_table.deliver("daemon@example.com") == "deferred 4.3.0 temporary failure");
  System relay("", "luser_relay = $user@elsewhere.example\n");
  CHECK(like(relay.deliver("who+x@example.com"), "sent 2.0.0 forwarded as *"));
  CHECK(relay.forwarded() == "sender@example.org > who@elsewhere.example");
  System passing("", "mailbox_transport = lmtp:unix:x\nfallback_transport = gone\n");
  ipc::Delivered answer;
  answer.results.emplace_back();
  answer.results[0].status = ipc::DeliveryStatus::sent;
  answer.results[0].dsn = "2.6.0";
  answer.results[0].text = "passed";
  answer.results[0].relay = "x[x]";
  Peer<ipc::DeliverCall> lmtp(passing.agent.loop, "private/lmtp", answer);
  CHECK(passing.deliver("daemon@example.com") == "sent 2.6.0 passed");
  CHECK(lmtp.asked.at(0).nexthop == "unix:x");
  CHECK(lmtp.asked.at(0).recipients.at(0).address == "daemon@example.com");
  CHECK(passing.agent.log_text().find("to=<") == std::string::npos);
  System fallback("", "fallback_transport_maps = inline:{ {who = gone:} }\n");
  CHECK(fallback.deliver("who@example.com") == "deferred 4.3.0 mail transport unavailable");

  System asked("list ann@x.org\n");
  for (const auto& [address, result] :
       {std::pair{"list@example.com", "sent 2.0.0 aliased to ann@x.org"},
        std::pair{"daemon@example.com", "sent 2.0.0 delivers to mailbox"},
        std::pair{"who@example.com", "bounced 5.1.1 unknown user: \"who\""}}) {
    auto message = message_for({address});
    message.purpose = ipc::Purpose::verify;
    CHECK(asked.agent.deliver(message) == result);
  }
  CHECK(asked.agent.log_text().find("status=undeliverable (unknown user") != std::string::npos);
  CHECK(asked.forwarded().empty());
  CHECK(mailbox(asked, "daemon").empty());
}
