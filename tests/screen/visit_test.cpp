// Visits without a network: the real Visit over a socket pair, with a cache in memory, a server that takes what it is
// given, and a clock that the test moves.
#include "screen/visit.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/daemon/passing.h"
#include "lib/ipc/frame.h"
#include "lib/net/scope.h"
#include "tests/lib/base/temporary_directory.h"
#include "tests/lib/net/support.h"

using namespace postern;
using namespace postern::screen;
using net::testing::Pair;

namespace {

using Lines = std::vector<std::string>;

CacheSetup kept_in(const std::string& path) {
  CacheSetup setup;
  setup.map = concat("btree:", path);
  setup.retention = seconds(1000);
  return setup;
}

net::Task<void> visit(std::unique_ptr<Visit> visit) { co_await visit->run(); }

class Door {
 public:
  explicit Door(std::string_view main_cf = "")
      : log_(::memfd_create("log", MFD_CLOEXEC)),
        before_(std::filesystem::current_path()),
        context(loop, {}, {},
                config::Settings(*config::MainCf::parse(concat(
                    "myhostname = mx.example\nmynetworks = 192.0.2.0/24\nsmtpd_banner = mx.example ESMTP\n",
                    main_cf)))),
        setup(std::move(*Setup::load(context.settings()))),
        lists(std::move(*DnsLists::open(loop, context.settings(), setup->params))) {
    log::open({"postscreen", "", log::Target::descriptor, Fd(::fcntl(log_.get(), F_DUPFD_CLOEXEC, 3))});
    loop.advance(seconds(0));
    loop.advance(net::Loop::tick(loop.now()) - loop.now());
    std::filesystem::create_directory(directory_.path("private"));
    std::filesystem::current_path(directory_.path());
  }
  ~Door() { std::filesystem::current_path(before_); }
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  // A server that takes sessions, and keeps them.
  void serve() {
    listener_ = *net::listen_on(*net::Endpoint::unix_path("private/smtpd"), 10);
    scope.spawn(accept());
  }
  void advance(Duration duration) {
    settle();
    loop.advance(duration);
    settle();
    loop.advance(net::Loop::kTick);  // what was handed over is seen to be taken
    settle();
  }
  void settle() {
    for (int i = 0; i < 5; ++i) loop.poll();
  }
  bool knows(std::string_view client) { return cache->find(client, {}, wall_seconds()).has_value(); }
  // The lines of the log since the last call; times in them are T.
  Lines logged() {
    log::flush();
    std::string text(static_cast<std::size_t>(::lseek(log_.get(), 0, SEEK_END)), '\0');
    REQUIRE(::pread(log_.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    Lines lines;
    for (const auto line : split_fields(std::string_view(text).substr(said_), '\n')) {
      const auto start = line.find("]: ");
      if (start != std::string_view::npos) lines.emplace_back(line.substr(start + 3));
    }
    said_ = text.size();
    return lines;
  }

 private:
  net::Task<void> accept() {
    net::Readiness readiness(loop, listener_.get());
    for (;;) {
      auto connection = net::accept_from(listener_.get());
      if (!connection) {
        const bool came = co_await readiness.readable(Deadline::max());
        if (!came) co_return;
        continue;
      }
      auto passed = co_await daemon::receive_passed(loop, std::move(connection->fd));
      if (passed && passed->channel) {
        std::string frame;
        ipc::append_message(frame, ipc::Begun(), 0);
        net::testing::say(passed->channel, frame);
      }
      if (passed) sessions.push_back(std::move(*passed));
    }
  }

  Fd log_;
  std::size_t said_ = 0;
  TemporaryDirectory directory_;
  std::filesystem::path before_;
  Fd listener_;

 public:
  net::Loop loop;
  daemon::Context context;
  std::unique_ptr<Setup> setup;
  std::unique_ptr<DnsLists> lists;
  std::unique_ptr<Cache> cache{std::move(*Cache::open(loop, kept_in(directory_.path("cache"))))};
  Counters counters{context};
  Clients clients{{*setup->params.client_prefix_v4, *setup->params.client_prefix_v6}};
  Load load{*setup->params.pre_queue_limit, *setup->params.post_queue_limit};
  Handover handover{loop, "smtpd"};
  Shared shared{loop, *setup, *cache, *lists, handover, counters, clients, load};
  std::vector<daemon::Passed> sessions;
  net::Scope scope{loop};
};

class Caller {
 public:
  explicit Caller(Door& door, std::string_view address = "198.51.100.1", std::string_view to = "203.0.113.25")
      : door_(door) {
    net::testing::Pair pair;
    fd_ = std::move(pair.ours);
    net::Accepted accepted;
    accepted.fd = std::move(pair.theirs);
    accepted.peer = *net::Endpoint::parse(address, 4711);
    const End server = End::of(*net::Endpoint::parse(to, 25));
    door.scope.spawn(
        visit(std::make_unique<Visit>(door.shared, std::move(accepted), server, daemon::InHand())));
  }
  void says(std::string_view bytes) { net::testing::say(fd_, bytes); }
  std::string hears() {
    door_.settle();
    return net::testing::heard(fd_);
  }
  bool is_closed() {
    door_.settle();
    char byte;
    return ::recv(fd_.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
  }
  void hangs_up() { fd_.reset(); }

 private:
  Door& door_;
  Fd fd_;
};

constexpr std::string_view kTeaser = "220-mx.example ESMTP\r\n";
constexpr std::string_view kConnect = "CONNECT from [198.51.100.1]:4711 to [203.0.113.25]:25";

}  // namespace

TEST_CASE("a client that waits is new, and then old") {
  Door door;
  door.serve();
  {
    Caller caller(door);
    CHECK(caller.hears() == kTeaser);
    door.advance(seconds(5));
    CHECK(caller.hears() == "");
    door.advance(seconds(1));
    CHECK(door.sessions.size() == 1);
  }
  CHECK(door.logged() == Lines{std::string(kConnect), "PASS NEW [198.51.100.1]:4711"});
  Caller again(door);
  CHECK(again.hears() == "");
  CHECK(door.sessions.size() == 2);
  CHECK(door.logged() == Lines{std::string(kConnect), "PASS OLD [198.51.100.1]:4711"});
  door.advance(seconds(0));
  CHECK(door.load.in_hand() == 0);
}

TEST_CASE("a client that speaks first is refused as the action says") {
  struct Case {
    std::string_view action, heard;
    bool closed;
  };
  for (const Case& c : {Case{"drop", "521 5.5.1 Protocol error\r\n", true},
                        Case{"enforce", "250-mx.example\r\n", false}, Case{"ignore", "", false}}) {
    CAPTURE(c.action);
    Door door(concat("postscreen_greet_action = ", c.action, "\n"));
    door.serve();
    Caller caller(door);
    CHECK(caller.hears() == kTeaser);
    caller.says("EHLO client\r\n");
    CHECK(caller.hears().substr(0, c.heard.size()) == c.heard);
    CHECK(caller.is_closed() == c.closed);
    Lines lines = door.logged();
    REQUIRE(lines.size() >= 2);
    CHECK(lines[1] == "PREGREET 13 after 0 from [198.51.100.1]:4711: EHLO client\\r\\n");
    if (c.closed) CHECK(lines.back() == "DISCONNECT [198.51.100.1]:4711");
    if (c.action == "enforce") {
      caller.says("MAIL FROM:<a@b>\r\n");
      CHECK(caller.hears() == "250 2.1.0 Ok\r\n");
      caller.says("RCPT TO:<c@d>\r\n");
      CHECK(caller.hears() == "550 5.5.1 Protocol error\r\n");
    }
    CHECK(door.sessions.size() == (c.action == "ignore" ? 1 : 0));
    CHECK_FALSE(door.knows("198.51.100.1"));
  }
}

TEST_CASE("a client that hangs up while it waits has not passed") {
  Door door;
  Caller caller(door);
  CHECK(caller.hears() == kTeaser);
  door.advance(milliseconds(1200));
  caller.hangs_up();
  door.settle();
  CHECK(door.logged() == Lines{std::string(kConnect),
                               "HANGUP after 1.2 from [198.51.100.1]:4711 in tests before SMTP handshake",
                               "DISCONNECT [198.51.100.1]:4711"});
  CHECK_FALSE(door.knows("198.51.100.1"));
  CHECK(door.scope.size() == 0);
}

TEST_CASE("who is on the access list is let in or refused") {
  Door door(
      "postscreen_access_list = permit_mynetworks, cidr:{{198.51.100.0/24 reject}}\n"
      "postscreen_denylist_action = drop\n");
  door.serve();
  Caller ours(door, "192.0.2.1");
  CHECK(ours.hears() == "");
  CHECK(door.sessions.size() == 1);
  Caller theirs(door);
  CHECK(theirs.hears() == "521 5.3.2 Service currently unavailable\r\n");
  CHECK(door.logged() == Lines{"CONNECT from [192.0.2.1]:4711 to [203.0.113.25]:25",
                               "ALLOWLISTED [192.0.2.1]:4711", std::string(kConnect),
                               "DENYLISTED [198.51.100.1]:4711", "DISCONNECT [198.51.100.1]:4711"});
}

TEST_CASE("a network is one client where prefixes say so") {
  Door door("screen_client_prefix_v4 = 24\n");
  door.serve();
  Caller first(door);
  door.advance(seconds(6));
  Caller second(door, "198.51.100.2");
  door.settle();
  CHECK(door.sessions.size() == 2);
  CHECK(door.knows("198.51.100.0/24"));
  CHECK(door.logged().back() == "PASS OLD [198.51.100.2]:4711");
}

TEST_CASE("one of a network that is refused does not make the others new") {
  Door door(
      "screen_client_prefix_v4 = 24\npostscreen_access_list = cidr:{{198.51.100.9 reject}}\n"
      "postscreen_denylist_action = enforce\n");
  door.serve();
  Caller first(door);
  door.advance(seconds(6));
  CHECK(door.knows("198.51.100.0/24"));
  Caller refused(door, "198.51.100.9");
  Caller second(door, "198.51.100.2");
  door.settle();
  CHECK(door.sessions.size() == 2);
  CHECK(door.logged().back() == "PASS OLD [198.51.100.2]:4711");
}

TEST_CASE("too many connections of one client, and too many clients") {
  Door door("postscreen_client_connection_count_limit = 2\npostscreen_pre_queue_limit = 10\n");
  Caller first(door), second(door), third(door);
  CHECK(third.hears() == "421 4.7.0 Error: too many connections\r\n");
  CHECK(door.logged().back() == "DISCONNECT [198.51.100.1]:4711");
  std::vector<std::unique_ptr<Caller>> others;
  for (int i = 0; i < 7; ++i) others.push_back(std::make_unique<Caller>(door, concat("198.51.101.", i)));
  Caller last(door, "198.51.102.1");
  CHECK(last.hears() == "421 4.3.2 All screening ports are busy\r\n");
  const Lines lines = door.logged();
  CHECK(std::count(lines.begin(), lines.end(), "entering STRESS mode with 9 connections") == 1);
  CHECK(std::count(lines.begin(), lines.end(),
                   "reject: connect from [198.51.102.1]:4711: all screening ports busy") == 1);
  door.advance(seconds(6));
}

TEST_CASE("a reply drips to a client that failed, and it takes nobody's place") {
  Door door("postscreen_greet_action = drop\nscreen_tarpit = 26s\nscreen_tarpit_limit = 1\n");
  Caller caller(door);
  CHECK(caller.hears() == kTeaser);
  caller.says("x\r\n");
  CHECK(caller.hears() == "");
  CHECK(door.load.in_hand() == 0);
  Caller other(door, "198.51.100.2");
  CHECK(other.hears() == kTeaser);
  other.says("x\r\n");
  CHECK(other.hears() == "521 5.5.1 Protocol error\r\n");
  for (int i = 0; i < 13; ++i) door.advance(seconds(1));
  CHECK(caller.hears() == "521 5.5.1 Pro");
  CHECK_FALSE(caller.is_closed());
  for (int i = 0; i < 13; ++i) door.advance(seconds(1));
  CHECK(caller.hears() == "tocol error\r\n");
  CHECK(caller.is_closed());
  CHECK(door.shared.in_tarpit == 0);
}

TEST_CASE("a proxy says who the client is") {
  Door door("postscreen_upstream_proxy_protocol = haproxy\n");
  door.serve();
  Caller caller(door, "10.0.0.1");
  CHECK(caller.hears() == "");
  caller.says("PROXY TCP4 198.51.100.1 203.0.113.25 4711 2");
  CHECK(caller.hears() == "");
  caller.says("5\r\n");
  CHECK(caller.hears() == kTeaser);
  door.advance(seconds(6));
  REQUIRE(door.sessions.size() == 1);
  REQUIRE(door.sessions[0].state != nullptr);
  CHECK(door.sessions[0].state->client_address == "198.51.100.1");
  CHECK(door.logged() == Lines{std::string(kConnect), "PASS NEW [198.51.100.1]:4711"});
  Caller liar(door, "10.0.0.1"), late(door, "10.0.0.1");
  liar.says("EHLO client\r\n");
  CHECK(liar.hears() == "421 4.3.2 No system resources\r\n");
  door.advance(seconds(5));
  CHECK(late.hears() == "421 4.3.2 No system resources\r\n");
}

TEST_CASE("a good client is handed over in mid-session") {
  Door door("postscreen_bare_newline_enable = yes\n");
  door.serve();
  Caller caller(door);
  door.advance(seconds(6));
  CHECK(caller.hears() == concat(kTeaser, "220 mx.example ESMTP\r\n"));
  caller.says("EHLO client.example\r\n");
  CHECK(caller.hears().starts_with("250-mx.example\r\n250-PIPELINING\r\n"));
  caller.says("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d>\r\nDATA\r\n");
  CHECK(caller.hears() == "250 2.1.0 Ok\r\n");
  REQUIRE(door.sessions.size() == 1);
  const ipc::HandedOver& state = *door.sessions[0].state;
  CHECK(state.said == Lines{"EHLO client.example", "MAIL FROM:<a@b.example>"});
  CHECK(state.unread == "RCPT TO:<c@d>\r\nDATA\r\n");
  CHECK(state.tests == TestSet{Test::bare_newline}.bits());
  CHECK(state.pipelining);
}

TEST_CASE("without a server a client is told when it can be") {
  Door door;
  Caller caller(door);
  door.advance(seconds(6));
  CHECK(caller.hears() == concat(kTeaser, "220 mx.example ESMTP\r\n"));
  CHECK(door.load.judged() == 1);  // it takes a place as long as it is here
  caller.says("EHLO client.example\r\n");
  CHECK(caller.hears() == "421 4.3.2 No system resources\r\n");
  CHECK(door.load.judged() == 0);
  CHECK(caller.is_closed());
  Caller ours(door, "192.0.2.1");
  CHECK(ours.hears() == "421 4.3.2 All server ports are busy\r\n");
}
