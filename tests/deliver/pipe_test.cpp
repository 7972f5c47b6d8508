#include "deliver/pipe/pipe.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deliver/error/error.h"
#include "deliver/pipe/arguments.h"
#include "tests/deliver/agent_fixture.h"
#include "tests/deliver/like.h"

using namespace postern;
using namespace postern::deliver;

namespace {

ServiceEntry script(const std::string& attributes, const std::string& text) {
  ServiceEntry entry;
  entry.name = "filter";
  for (const auto word : split_words(attributes, " ")) entry.words.emplace_back(word);
  for (const char* word : {"user=daemon", "argv=/bin/sh", "-c"}) entry.words.emplace_back(word);
  entry.words.push_back(text);
  return entry;
}

std::vector<pid_t> children_of_this_process() {
  std::ifstream file(concat("/proc/self/task/", ::getpid(), "/children"));
  return {std::istream_iterator<pid_t>(file), {}};
}

config::List arguments(const config::List& words, const std::string& flags, const ipc::Deliver& message) {
  auto attributes = config::parse_pipe_attributes({"user=daemon", "flags=" + flags, "argv=x"});
  REQUIRE(attributes);
  attributes->command.words = words;
  auto expanded = command_arguments(*attributes, message, "ABC", "+");
  REQUIRE(expanded);
  return *expanded;
}

}  // namespace

TEST_CASE("arguments of a command name parts of the envelope") {
  auto message = message_for({"Ann+Li st@Example.COM<first@example.org", "bob@example.net"});
  message.size = 1234;
  message.nexthop = "Next.Example";
  message.client.address = "192.0.2.1";
  message.client.port = 25001;
  const struct {
    std::string word, flags;
    config::List expected;
  } rows[] = {
      {"plain", "", {"plain"}},
      {"$$x", "", {"$x"}},
      {"$sender", "", {"sender@example.org"}},
      {"${nexthop}/$size/$queue_id", "", {"Next.Example/1234/ABC"}},
      {"$nexthop", "h", {"next.example"}},
      {"[$client_address]:${client_port}", "", {"[192.0.2.1]:25001"}},
      {"-${client_helo}-", "", {"--"}},
      {"$recipient", "", {"Ann+Li st@Example.COM", "bob@example.net"}},
      {"${recipient}", "q", {"\"Ann+Li st\"@Example.COM", "bob@example.net"}},
      {"$recipient", "h", {"Ann+Li st@example.com", "bob@example.net"}},
      {"$recipient", "u", {"ann+li st@Example.COM", "bob@example.net"}},
      {"$recipient", "hu", {"ann+li st@example.com", "bob@example.net"}},
      {"<$user|$extension|$mailbox|$domain>",
       "",
       {"<Ann|Li st|Ann+Li st|Example.COM>", "<bob||bob|example.net>"}},
      {"$user@$domain", "hu", {"ann@example.com", "bob@example.net"}},
      {"$original_recipient", "", {"first@example.org", "bob@example.net"}},
      {"${extension?has=$extension}", "", {"has=Li st", ""}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.word);
    CAPTURE(row.flags);
    CHECK(arguments({row.word}, row.flags, message) == row.expected);
  }
  message.sender.clear();
  CHECK(arguments({"$sender"}, "", message) == config::List{"MAILER-DAEMON"});
  CHECK(arguments({"$user", "end"}, "", message_for({"+ext@example.com"})) == config::List{"+ext", "end"});
  CHECK(arguments({"$recipient"}, "", message_for({"a$size@x.org"})) == config::List{"a$size@x.org"});
  CHECK(*unknown_macro({"$sender", "${nonsense}"}) == "nonsense");
  CHECK(!unknown_macro({"$sender", "$$nonsense"}));
}

TEST_CASE("attributes of pipe that are not understood") {
  const struct {
    config::List words;
    std::string_view why;
  } rows[] = {
      {{"argv=x"}, "missing user= command-line attribute"},
      {{"user=daemon"}, "missing argv= command-line attribute"},
      {{"user=", "argv=x"}, "attribute user= names nobody"},
      {{"flags=RZ", "user=daemon", "argv=x"}, "unknown flag: Z"},
      {{"size=big", "user=daemon", "argv=x"}, "bad size= value: big"},
      {{"colour=red", "user=daemon", "argv=x"}, "unknown attribute name: colour"},
      {{"verbose"}, "unknown attribute name: verbose"},
  };
  for (const auto& row : rows) {
    const auto parsed = config::parse_pipe_attributes(row.words);
    REQUIRE(!parsed);
    CHECK(parsed.error().text == row.why);
  }
  const auto good =
      config::parse_pipe_attributes({"FLAGS=BDFORXhqu.>", "user=daemon:games", "eol=\\r\\n", "size=7",
                                     "null_sender=", "directory=/d", "chroot=/c", "argv=a", "b", "flags=Z"});
  REQUIRE(good);
  CHECK(good->line_end == "\r\n");
  CHECK(good->command.group == "games");
  CHECK(good->command.words == config::List{"a", "b", "flags=Z"});
  CHECK(good->null_sender.empty());
}

TEST_CASE("what the end of a command means") {
  const struct {
    std::string script, result;
  } rows[] = {
      {"exit 0", "sent 2.0.0 delivered via filter service"},
      {"echo ' all is well '; exit 0", "sent 2.0.0 delivered via filter service (all is well)"},
      {"exit 67", "bounced 5.1.1 user unknown"},
      {"echo no such user >&2; exit 67", "bounced 5.1.1 user unknown. Command output: no such user"},
      {"exit 75", "deferred 4.3.0 temporary failure"},
      {"exit 71", "deferred 4.3.0 system resource problem"},
      {"echo one; echo two; exit 65", "bounced 5.6.0 data format error. Command output: one two"},
      {"exit 78", "bounced 5.3.5 local configuration error"},
      {"exit 1", "bounced 5.3.0 Command died with status 1: \"/bin/sh\""},
      {"echo x; exit 3", "bounced 5.3.0 Command died with status 3: \"/bin/sh\". Command output: x"},
      {"echo 4.2.1 come back later; exit 1", "deferred 4.2.1 come back later"},
      {"echo 5.7.1 not you; exit 75", "bounced 5.7.1 not you"},
      {"kill -9 $$$$", "deferred 4.3.0 Command died with signal 9: \"/bin/sh\""},
      {"sleep 100 & exit 0", "sent 2.0.0 delivered via filter service"},
      {"head -c 100000 /dev/zero | tr '\\0' y; exit 0",
       "sent 2.0.0 delivered via filter service (" + std::string(100, 'y') + ")"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.script);
    AgentFixture<Pipe> agent("", script("", row.script));
    CHECK(agent.deliver(message_for({"ann@example.com"})) == row.result);
  }
}

TEST_CASE("a command that takes too long is killed, with all that it has started") {
  const TemporaryDirectory place;
  REQUIRE(::chmod(place.path().c_str(), 0777) == 0);
  AgentFixture<Pipe> agent("filter_time_limit = 1s", script("", "(sleep 1000; true) & echo $$!; sleep 1000"));
  const auto result = agent.deliver(message_for({"ann@example.com"}));
  CHECK(like(result, "bounced 5.3.0 Command time limit exceeded: \"/bin/sh\". Command output: *"));
  const auto pid = parse_number(result.substr(result.rfind(' ') + 1));
  REQUIRE(pid);
  for (int i = 0; i < 5000 && ::kill(static_cast<pid_t>(*pid), 0) == 0; ++i) ::usleep(1000);
  CHECK(::kill(static_cast<pid_t>(*pid), 0) != 0);
}

TEST_CASE("a process beside us that stands still holds nobody for longer than its commands may take") {
  struct Ignored {  // the agent ends itself: its successor has another process
    Ignored() : before(::signal(SIGTERM, SIG_IGN)) {}
    ~Ignored() { ::signal(SIGTERM, before); }
    void (*before)(int);
  } const ignored;
  AgentFixture<Pipe> agent("filter_time_limit = 20s", script("", "exit 0"));
  CHECK(like(agent.deliver(message_for({"ann@example.com"})), "sent 2.0.0 *"));
  const auto beside = children_of_this_process();
  REQUIRE(beside.size() == 1);
  REQUIRE(::kill(beside.front(), SIGSTOP) == 0);
  const std::string result = "deferred 4.3.0 the process that starts commands does not answer";
  agent.send(message_for({"ann@example.com"}));
  const auto first = agent.sent;
  agent.loop.poll();
  agent.loop.advance(seconds(40));
  agent.loop.poll();
  CHECK(agent.answers.count(first) == 0);
  agent.send(message_for({"bob@example.com"}));
  agent.loop.poll();
  agent.loop.advance(seconds(11));
  CHECK(AgentFixture<Pipe>::text(agent.answer_to(first).results.at(0)) == result);
  CHECK(AgentFixture<Pipe>::text(agent.answer_to(agent.sent).results.at(0)) == result);
  CHECK(agent.deliver(message_for({"cid@example.com"})) == result);
  CHECK(::kill(beside.front(), SIGCONT) == 0);
}

TEST_CASE("a command gets the message as the flags say") {
  const TemporaryDirectory place;
  REQUIRE(::chmod(place.path().c_str(), 0777) == 0);
  auto message = message_for({"ann@example.com<a@example.com"});
  message.content = "Subject: x\n\nFrom here\n.dot\n..\nFrom";
  const struct {
    std::string attributes, expected;
  } rows[] = {
      {"", "Subject: x\n\nFrom here\n.dot\n..\nFrom"},
      {"flags=B", "Subject: x\n\nFrom here\n.dot\n..\nFrom\n\n"},
      {"flags=>", "Subject: x\n\n>From here\n.dot\n..\nFrom\n"},
      {"flags=.", "Subject: x\n\nFrom here\n..dot\n...\nFrom\n"},
      {"eol=\\r\\n flags=R",
       "Return-Path: <sender@example.org>\r\nSubject: x\r\n\r\nFrom here\r\n.dot\r\n..\r\nFrom\r\n"},
      {"flags=DRO",
       "Return-Path: <sender@example.org>\nX-Original-To: a@example.com\nDelivered-To: ann@example.com\n"
       "Subject: x\n\nFrom here\n.dot\n..\nFrom"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.attributes);
    AgentFixture<Pipe> agent("", script(row.attributes, "cat > " + place.path("out")));
    CHECK(agent.deliver(message) == "sent 2.0.0 delivered via filter service");
    CHECK(text_of(place.path("out")) == row.expected);
  }
  // The same with a part of the content in a file.
  message.spool = std::move(*open_file(place.path("spool"), O_RDWR | O_CREAT));
  REQUIRE(write_all(message.spool.get(), "more\nFrom there\n", "spool"));
  AgentFixture<Pipe> agent("", script("flags=F>", "cat > " + place.path("out")));
  CHECK(agent.deliver(message) == "sent 2.0.0 delivered via filter service");
  CHECK(like(text_of(place.path("out")),
             "From sender@example.org  *\nSubject: x\n\n>From here\n.dot\n..\nFrommore\n>From there\n"));
}

TEST_CASE("pipe delivers nothing where it may not, or need not") {
  auto two = message_for({"ann@example.com", "bob@example.com"});
  SUBCASE("D is for one recipient") {
    AgentFixture<Pipe> agent("", script("flags=D", "exit 0"));
    agent.send(two);
    for (const auto& result : agent.answer_to(1).results) {
      CHECK(agent.text(result) == "deferred 4.3.5 mail system configuration error");
    }
    CHECK(agent.log_text().find("pipe flag `D' requires filter_destination_recipient_limit = 1") !=
          std::string::npos);
  }
  SUBCASE("two recipients, one command") {
    AgentFixture<Pipe> agent("", script("flags=X", "exit 0"));
    agent.send(two);
    const auto answer = agent.answer_to(1);
    REQUIRE(answer.results.size() == 2);
    CHECK(answer.results[1].number == 101);
    CHECK(answer.results[1].arrival == ipc::Arrival::delivered);
    CHECK(answer.results[1].relay == "filter");
    CHECK(agent.log_text().find("to=<bob@example.com>, relay=filter, ") != std::string::npos);
  }
  SUBCASE("a message that is too large") {
    AgentFixture<Pipe> agent("", script("size=100", "exit 0"));
    auto message = message_for({"ann@example.com"});
    message.size = 101;
    CHECK(agent.deliver(message) == "bounced 5.2.3 message too large");
  }
  SUBCASE("a loop") {
    AgentFixture<Pipe> agent("", script("flags=D", "exit 0"));
    auto message = message_for({"ann@example.com"});
    message.content = "Delivered-To: Ann@example.com\n\n";
    CHECK(agent.deliver(message) == "bounced 5.4.6 mail forwarding loop for ann@example.com");
  }
  SUBCASE("a question") {
    AgentFixture<Pipe> agent("", script("", "exit 1"));
    auto message = message_for({"ann@example.com"});
    message.purpose = ipc::Purpose::verify;
    CHECK(agent.deliver(message) == "sent 2.0.0 delivers to command: /bin/sh");
    CHECK(agent.log_text().find("status=deliverable (") != std::string::npos);
  }
  SUBCASE("a name without meaning") {
    AgentFixture<Pipe> agent("", script("", "echo ${what}"));
    CHECK(agent.deliver(message_for({"ann@example.com"})) ==
          "deferred 4.3.5 mail system configuration error");
    CHECK(agent.log_text().find("service filter: unknown macro name: \"what\"") != std::string::npos);
  }
  SUBCASE("a program that is not there") {
    auto entry = script("", "");
    entry.words = {"user=daemon", "argv=/no/such/program"};
    AgentFixture<Pipe> agent("", entry);
    CHECK(agent.deliver(message_for({"ann@example.com"})) ==
          "deferred 4.3.0 temporary failure. Command output: execvp /no/such/program: No such file or "
          "directory");
  }
  SUBCASE("soft_bounce") {
    AgentFixture<Pipe> agent("soft_bounce = yes", script("", "exit 67"));
    CHECK(agent.deliver(message_for({"ann@example.com"})) == "deferred 4.1.1 user unknown");
    CHECK(agent.log_text().find("dsn=4.1.1, status=SOFTBOUNCE (user unknown)") != std::string::npos);
  }
  SUBCASE("a delivery status filter") {
    AgentFixture<Pipe> agent(
        "pipe_delivery_status_filter = inline:{ {5.1.1 user unknown = 4.1.1 who is that} }",
        script("", "exit 67"));
    CHECK(agent.deliver(message_for({"ann@example.com"})) == "deferred 4.1.1 who is that");
  }
}

TEST_CASE("a command has the rights of its user, and nothing of ours") {
  AgentFixture<Pipe> agent("export_environment = HELLO=world",
                           script("directory=/",
                                  "id -u; id -G; pwd; ls /proc/self/fd | wc -w; env | grep -c ^HELLO=; "
                                  "ps -o pgid= $$$$ | tr -d ' '; echo $$$$; exit 65"));
  const auto result = agent.deliver(message_for({"ann@example.com"}));
  const auto words = split_words(std::string_view(result).substr(result.find("output: ") + 8), " ");
  REQUIRE(words.size() == 7);
  CHECK(words[0] == (::geteuid() == 0 ? "1" : std::to_string(::geteuid())));
  if (::geteuid() == 0) CHECK(words[1] == "1");
  CHECK(words[2] == "/");
  CHECK(words[3] == "4");  // of ls: with the directory that it reads
  CHECK(words[4] == "1");
  CHECK(words[5] == words[6]);
}

TEST_CASE("error says why, retry says it for a while") {
  const struct {
    std::string service, nexthop, result;
  } rows[] = {
      {"error", "5.1.2 no such domain", "bounced 5.1.2 no such domain"},
      {"error", "mail is not wanted", "bounced 5.0.0 mail is not wanted"},
      {"error", "4.1.2 later", "bounced 5.0.0 later"},
      {"retry", "4.3.5 out of order", "deferred 4.3.5 out of order"},
      {"retry", "5.1.2 out of order", "deferred 4.0.0 out of order"},
      {"retry", "unavailable", "deferred 4.0.0 unavailable"},
  };
  for (const auto& row : rows) {
    ServiceEntry entry;
    entry.name = row.service;
    AgentFixture<ErrorAgent> agent("", entry);
    auto message = message_for({"ann@example.com"});
    message.nexthop = row.nexthop;
    CHECK(agent.deliver(message) == row.result);
    CHECK(agent.log_text().find("relay=none, ") != std::string::npos);
  }
}
