// DNS: what an answer says, what hostile ones do not do, and a whole resolver against a scripted server.
#include "lib/net/dns.h"

#include <doctest/doctest.h>

#include "lib/net/scope.h"
#include "tests/lib/net/dns_server.h"

using namespace postern;
using namespace postern::net;
using namespace postern::net::testing;

namespace {

Scripted with(std::vector<std::string> records) {
  Scripted what;
  what.records = std::move(records);
  return what;
}
Scripted code(unsigned number) {
  Scripted what;
  what.code = number;
  return what;
}

struct Resolver {
  explicit Resolver(milliseconds timeout = milliseconds(5000), int tries = 3) {
    Dns::Options options;
    options.servers = {server.address()};
    options.hosts_file = false;
    options.timeout = timeout;
    options.tries = tries;
    auto made = Dns::make(loop, options);
    REQUIRE(made);
    dns = std::move(*made);
  }
  Deadline limit() { return loop.in(seconds(8)); }
  auto mx(std::string name) { return finish(loop, dns->mx(std::move(name), limit())); }
  auto v4(std::string name) { return finish(loop, dns->addresses(std::move(name), Family::ipv4, limit())); }

  DnsServer server;
  Loop loop;
  std::unique_ptr<Dns> dns;
};

std::string reply_to(std::string_view name, DnsType type, const Scripted& what) {
  const std::string question = wire_name(name) + word(static_cast<unsigned>(type)) + word(1);
  return reply_bytes("id", question, what, false);
}

DnsReply read(std::string_view name, DnsType type, const Scripted& what) {
  return read_dns_reply(reply_to(name, type, what), name, type);
}

}  // namespace

TEST_CASE("each kind of record comes as it was given") {
  Resolver ask;
  auto& server = ask.server;
  server.on("two.example", DnsType::mx,
            with({mx("two.example", 20, "b.example", 60), mx("two.example", 10, "a.example")}));
  server.on("null.example", DnsType::mx, with({mx("null.example", 0, "")}));
  server.on("a.example", DnsType::a, with({record("a.example", DnsType::a, "\x0a\x01\x02\x03")}));
  server.on("a.example", DnsType::aaaa,
            with({record("a.example", DnsType::aaaa,
                         std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16))}));
  server.on("4.3.2.10.in-addr.arpa", DnsType::ptr,
            with({record("4.3.2.10.in-addr.arpa", DnsType::ptr, wire_name("Host.example"))}));
  server.on("t.example", DnsType::txt,
            with({record("t.example", DnsType::txt, strings({"v=spf1 ", "-all"})),
                  record("t.example", DnsType::txt, strings({""}))}));
  Scripted tlsa = with({record("_25._tcp.a.example", DnsType::tlsa, "\3\1\1" + std::string(32, 'x'))});
  tlsa.secure = true;
  server.on("_25._tcp.a.example", DnsType::tlsa, tlsa);

  const auto two = ask.mx("two.example");
  REQUIRE(two.status == DnsStatus::found);
  REQUIRE(two.records.size() == 2);
  CHECK(two.records[0].preference == 20);
  CHECK(two.records[1].host == "a.example");
  CHECK(two.ttl == 60);
  CHECK(!two.secure);
  CHECK(server.asked_for_validation());

  const auto null = ask.mx("null.example");
  REQUIRE(null.records.size() == 1);
  CHECK(null.records[0].host.empty());

  CHECK(ask.v4("a.example").records.at(0).address() == "10.1.2.3");
  const auto v6 = finish(ask.loop, ask.dns->addresses("a.example.", Family::ipv6, ask.limit()));
  CHECK(v6.records.at(0).address() == "2001:db8::1");

  const auto names = finish(ask.loop, ask.dns->names(*Endpoint::parse("10.2.3.4", 25), ask.limit()));
  REQUIRE(names.status == DnsStatus::found);
  CHECK(names.records == std::vector<std::string>{"Host.example"});

  const auto text = finish(ask.loop, ask.dns->txt("t.example", ask.limit()));
  CHECK(text.records == std::vector<std::string>{"v=spf1 -all", ""});

  const auto pins = finish(ask.loop, ask.dns->tlsa("_25._tcp.a.example", ask.limit()));
  REQUIRE(pins.records.size() == 1);
  CHECK(pins.secure);
  CHECK(pins.records[0].usage == 3);
  CHECK(pins.records[0].selector == 1);
  CHECK(pins.records[0].matching == 1);
  CHECK(pins.records[0].data == std::string(32, 'x'));
}

TEST_CASE("what is not there is told apart from what cannot be known now") {
  Resolver ask(milliseconds(40), 2);
  ask.server.on("empty.example", DnsType::mx, code(0));
  ask.server.on("fail.example", DnsType::mx, code(2));
  ask.server.on("refused.example", DnsType::mx, code(5));
  Scripted never;
  never.silent = true;
  ask.server.on("never.example", DnsType::mx, never);
  Scripted garbage;
  garbage.raw =
      word(1) + word(5) + word(0) + word(0) + wire_name("garbage.example") + word(15) + word(1) + "??";
  ask.server.on("garbage.example", DnsType::mx, garbage);
  CHECK(ask.mx("empty.example").status == DnsStatus::no_data);
  CHECK(ask.mx("nobody.example").status == DnsStatus::no_domain);
  CHECK(ask.mx("fail.example").status == DnsStatus::try_again);
  CHECK(ask.mx("refused.example").status == DnsStatus::try_again);
  CHECK(ask.mx("never.example").status == DnsStatus::try_again);
  CHECK(ask.mx("garbage.example").status == DnsStatus::try_again);
  CHECK(ask.loop.timers() == 0);
}

TEST_CASE("a negative answer says how long it may be kept") {
  const auto soa = [](unsigned ttl, unsigned minimum) {
    return record("example", DnsType{6},
                  wire_name("ns.example") + wire_name("root.example") + quad(1) + quad(2) + quad(3) +
                      quad(4) + quad(minimum),
                  ttl);
  };
  const std::string other = record("example", DnsType{2}, wire_name("ns.example"), 7);
  const std::string cut =
      record("example", DnsType{6}, wire_name("ns.example") + wire_name("root.example") + quad(1), 300);
  struct Row {
    unsigned code;
    std::vector<std::string> records, authority;
    std::optional<std::uint32_t> ttl;
  };
  const Row rows[] = {
      {3, {}, {soa(300, 200)}, 200},
      {0, {}, {soa(200, 300)}, 200},
      {3, {}, {other, soa(0, 300)}, 0},
      {3, {}, {}, std::nullopt},
      {3, {}, {other}, std::nullopt},
      {3, {}, {cut}, std::nullopt},
      {0, {}, {cut.substr(0, 9)}, std::nullopt},
      {0, {alias("x.example", "y.example", 50)}, {soa(300, 200)}, 50},
      {0, {record("x.example", DnsType::a, "abcd", 90)}, {soa(30, 20)}, 90},
      {3, {}, {soa(0x80000000u, 0xffffffffu)}, 0},
  };
  for (const auto& row : rows) {
    Scripted what = code(row.code);
    what.records = row.records;
    what.authority = row.authority;
    const std::string packet = reply_to("x.example", DnsType::a, what);
    const auto reply = read_dns_reply(packet, "x.example", DnsType::a);
    CHECK(reply.status != DnsStatus::try_again);
    CHECK(reply.ttl == row.ttl);
    CHECK(read_dns_addresses(packet).ttl == row.ttl);
    CHECK(read_dns_addresses(packet).status == reply.status);
  }
}

namespace {

// A question whose answer it keeps for the test.
struct Asked : DnsCall {
  struct Heard {
    int answers = 0, gone = 0;
    DnsAddresses last;
  };
  Asked(std::string n, Heard& h) : asked_for(std::move(n)), heard(h) {}
  ~Asked() override { ++heard.gone; }
  void answered(const DnsAddresses& answer) override {
    ++heard.answers;
    heard.last = answer;
  }
  std::string name() const override { return asked_for; }
  std::string asked_for;
  Heard& heard;
};

void call(Dns& dns, const std::string& name, Asked::Heard& heard) {
  std::unique_ptr<DnsCall> question = std::make_unique<Asked>(name, heard);
  CHECK(dns.call(question));
  CHECK(question == nullptr);
  CHECK(heard.answers == 0);
}

}  // namespace

TEST_CASE("questions that are answered by a call") {
  Resolver ask(milliseconds(40), 2);
  ask.server.on("a.example", DnsType::a,
                with({alias("a.example", "b.example"),
                      record("b.example", DnsType::a, std::string("\x7f\0\0\2", 4), 70),
                      record("b.example", DnsType::a, std::string("\x7f\0\0\3", 4), 80)}));
  Scripted silent;
  silent.silent = true;
  ask.server.on("never.example", DnsType::a, silent);
  Asked::Heard found, nobody, never, unsaid;
  call(*ask.dns, "a.example", found);
  call(*ask.dns, "nobody.example", nobody);
  call(*ask.dns, "never.example", never);
  call(*ask.dns, "a..example", unsaid);
  turn_until(ask.loop, [&] { return found.gone + nobody.gone + never.gone + unsaid.gone == 4; });
  CHECK(found.answers + nobody.answers + never.answers + unsaid.answers == 4);
  CHECK(found.last.status == DnsStatus::found);
  CHECK(found.last.ttl == 70);
  CHECK(found.last.addresses == std::vector<std::array<unsigned char, 4>>{{0x7f, 0, 0, 2}, {0x7f, 0, 0, 3}});
  CHECK(nobody.last.status == DnsStatus::no_domain);
  CHECK(nobody.last.addresses.empty());
  CHECK(never.last.status == DnsStatus::try_again);
  CHECK(unsaid.last.status == DnsStatus::no_domain);
  CHECK(ask.loop.timers() == 0);

  // More than are taken at a time; the resolver dies with all of them.
  Asked::Heard many;
  std::unique_ptr<DnsCall> question;
  for (std::size_t i = 0; i <= Dns::kMostCalls; ++i) {
    question = std::make_unique<Asked>(concat(i, ".example"), many);
    if (!ask.dns->call(question)) break;
  }
  CHECK(question != nullptr);
  question.reset();
  CHECK(many.answers == 0);
  ask.dns.reset();
  CHECK(many.gone == static_cast<int>(Dns::kMostCalls) + 1);
  CHECK(many.answers == 0);
}

TEST_CASE("names that nobody can have are not asked for") {
  Resolver ask;
  for (const std::string& name : {std::string(), std::string("."), std::string("a..b"), std::string(300, 'a'),
                                  std::string(64, 'a') + ".example", std::string("a b"), std::string("a\\b"),
                                  std::string("a\0b", 3), std::string("caf\xc3\xa9.example")}) {
    CAPTURE(name);
    CHECK(ask.mx(name).status == DnsStatus::no_domain);
  }
  CHECK(ask.server.questions() == 0);
}

TEST_CASE("short names are tried below the search domains when that is asked for") {
  Resolver ask;
  ask.server.on("host.corp.example", DnsType::a, with({record("host.corp.example", DnsType::a, "\1\2\3\4")}));
  ask.server.on("a.long.name", DnsType::a, with({record("a.long.name", DnsType::a, "\5\6\7\x8")}));
  ::setenv("LOCALDOMAIN", "none.example corp.example", 1);
  Dns::Options options;
  options.servers = {ask.server.address()};
  options.hosts_file = false;
  options.search = true;
  const auto searching = std::move(*Dns::make(ask.loop, options));
  ::unsetenv("LOCALDOMAIN");
  const auto find = [&](const char* name) {
    return finish(ask.loop, searching->addresses(name, Family::ipv4, ask.limit()));
  };
  CHECK(find("host").records.at(0).address() == "1.2.3.4");
  CHECK(find("host").name == "host.corp.example");
  CHECK(find("host.").status == DnsStatus::no_domain);
  CHECK(find("nobody").status == DnsStatus::no_domain);
  CHECK(find("a.long.name").records.at(0).address() == "5.6.7.8");
  CHECK(ask.v4("host").status == DnsStatus::no_domain);
}

TEST_CASE("an address in numbers is its own answer") {
  Resolver ask;
  CHECK(ask.v4("192.0.2.7").records.at(0).address() == "192.0.2.7");
  CHECK(ask.v4("2001:db8::7").status == DnsStatus::no_data);
  CHECK(ask.server.questions() == 0);
}

TEST_CASE("a reply that was cut is asked for over TCP") {
  Resolver ask;
  std::vector<std::string> many;
  for (unsigned i = 0; i < 90; ++i)
    many.push_back(mx("big.example", i, concat("a-host-with-a-long-name-", i, ".example")));
  Scripted big = with(many);
  big.cut = true;
  ask.server.on("big.example", DnsType::mx, big);
  CHECK(ask.mx("big.example").records.size() == 90);
  CHECK(ask.server.over_tcp() == 1);
}

TEST_CASE("a server that drips its reply over TCP has the time of a question that is not answered") {
  Resolver ask(milliseconds(50), 2);
  std::vector<std::string> many;
  for (unsigned i = 0; i < 90; ++i)
    many.push_back(mx("slow.example", i, concat("a-host-with-a-long-name-", i, ".example")));
  Scripted slow = with(many);
  slow.cut = slow.drips = true;
  ask.server.on("slow.example", DnsType::mx, slow);
  const Instant begun = ask.loop.now();
  CHECK(ask.mx("slow.example").status == DnsStatus::try_again);
  CHECK(ask.loop.now() - begun < seconds(3));
  CHECK(ask.server.over_tcp() > 0);
  ask.server.on("a.example", DnsType::mx, with({mx("a.example", 1, "b.example")}));
  CHECK(ask.mx("a.example").status == DnsStatus::found);
}

TEST_CASE("a server that does not know EDNS is asked without it") {
  Resolver ask;
  Scripted old = with({mx("old.example", 1, "a.example")});
  old.refuses_edns = true;
  ask.server.on("old.example", DnsType::mx, old);
  CHECK(ask.mx("old.example").status == DnsStatus::found);
}

TEST_CASE("equal questions under way share one query; a deadline ends only the wait of one") {
  Resolver ask(milliseconds(200), 3);
  Scripted never;
  never.silent = true;
  ask.server.on("slow.example", DnsType::mx, never);
  Scope scope(ask.loop);
  std::vector<DnsStatus> got;
  const auto one = [](Dns& dns, std::vector<DnsStatus>& into, Deadline deadline) -> Task<void> {
    const auto answer = co_await dns.mx("slow.example", deadline);
    into.push_back(answer.status);
  };
  scope.spawn(one(*ask.dns, got, ask.loop.in(milliseconds(20))));
  for (int i = 0; i < 5; ++i) scope.spawn(one(*ask.dns, got, ask.limit()));
  turn_until(ask.loop, [&] { return got.size() == 1; });
  CHECK(got[0] == DnsStatus::try_again);
  CHECK(ask.server.questions() <= 1);
  ask.server.on("slow.example", DnsType::mx, with({mx("slow.example", 1, "a.example")}));
  turn_until(ask.loop, [&] { return got.size() == 6; });
  CHECK(got.back() == DnsStatus::found);
  CHECK(ask.server.questions() == 2);
}

TEST_CASE("who waits may leave, and the resolver may die with questions under way") {
  const auto before = open_descriptors();
  {
    Resolver ask;
    Scripted never;
    never.silent = true;
    for (int i = 0; i < 50; ++i) ask.server.on(concat("n", i, ".example"), DnsType::mx, never);
    Scope scope(ask.loop);
    const auto one = [](Dns& dns, std::string name, Deadline deadline) -> Task<void> {
      const auto answer = co_await dns.mx(std::move(name), deadline);
      static_cast<void>(answer);
    };
    for (int i = 0; i < 50; ++i) scope.spawn(one(*ask.dns, concat("n", i, ".example"), ask.limit()));
    turn_until(ask.loop, [&] { return ask.server.questions() == 50; });
    scope.cancel();
    ask.dns.reset();
    ask.loop.poll();
    CHECK(ask.loop.timers() == 0);
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("many questions side by side, more than there are ids for at a time") {
  Resolver ask(milliseconds(300), 5);  // what is lost when the server is slow is asked again
  Scope scope(ask.loop);
  constexpr int kMany = 6000;
  int done = 0, missing = 0;
  const auto one = [](Dns& dns, std::string name, Deadline deadline, int& ended, int& none) -> Task<void> {
    const auto answer = co_await dns.mx(std::move(name), deadline);
    ++ended;
    if (answer.status == DnsStatus::no_domain) ++none;
  };
  for (int i = 0; i < kMany; ++i) {
    scope.spawn(one(*ask.dns, concat("m", i, ".example"), ask.loop.in(seconds(9)), done, missing));
    if (i % 64 == 0) ask.loop.turn(Loop::Wait::no);
  }
  turn_until(ask.loop, [&] { return done == kMany; });
  CHECK(missing == kMany);
}

TEST_CASE("a server's address that is none is refused by name") {
  Loop loop;
  for (const char* bad :
       {"example", "1.2.3.4:0", "1.2.3.4:99999", "[::1", "[::1]53x", "", "1.2.3", "[::1]:"}) {
    CAPTURE(bad);
    Dns::Options options;
    options.servers = {bad};
    const auto made = Dns::make(loop, options);
    REQUIRE(!made);
    CHECK(made.error().kind == Errc::invalid);
    CHECK(made.error().text == concat("not a DNS server's address: ", bad));
  }
  for (const char* good : {"192.0.2.1", "192.0.2.1:5353", "::1", "[::1]", "[2001:db8::1]:53"}) {
    CAPTURE(good);
    Dns::Options options;
    options.servers = {good};
    CHECK(Dns::make(loop, options));
  }
}

TEST_CASE("the records behind aliases, in whatever order, and no loop") {
  const auto a = record("real.example", DnsType::a, "\1\2\3\4", 500);
  auto reply = read("www.example", DnsType::a,
                    with({a, alias("b.example", "REAL.example"), alias("www.example", "b.example", 20)}));
  CHECK(reply.status == DnsStatus::found);
  CHECK(reply.name == "REAL.example");
  CHECK(reply.ttl == 20);
  CHECK(reply.records.size() == 1);
  reply =
      read("x.example", DnsType::a, with({alias("x.example", "y.example"), alias("y.example", "x.example")}));
  CHECK(reply.status == DnsStatus::try_again);
  reply = read("x.example", DnsType::a, with({alias("x.example", "y.example")}));
  CHECK(reply.status == DnsStatus::no_data);
  CHECK(reply.name == "y.example");
  Scripted gone = with({alias("x.example", "y.example")});
  gone.code = 3;
  CHECK(read("x.example", DnsType::a, gone).status == DnsStatus::no_domain);
}

TEST_CASE("records of others and of other kinds are not ours") {
  const auto reply =
      read("x.example", DnsType::a,
           with({record("evil.example", DnsType::a, "\6\6\6\6"), mx("x.example", 1, "x.example"),
                 record("X.Example", DnsType::a, "\1\1\1\1")}));
  REQUIRE(reply.records.size() == 1);
  CHECK(reply.records[0].text == "\1\1\1\1");
}

TEST_CASE("names that no host can have are left out") {
  const auto bad = record("x.example", DnsType::mx, word(5) + std::string("\4a b\n\0", 6));
  auto reply = read("x.example", DnsType::mx, with({bad, mx("x.example", 9, "ok.example")}));
  REQUIRE(reply.records.size() == 1);
  CHECK(reply.records[0].text == "ok.example");
  CHECK(read("x.example", DnsType::mx, with({bad})).status == DnsStatus::invalid);
  const auto root = record("x.example", DnsType::ptr, std::string(1, '\0'));
  CHECK(read("x.example", DnsType::ptr, with({root})).status == DnsStatus::invalid);
}

TEST_CASE("hostile replies are bounded") {
  std::vector<std::string> many(1000, record("x.example", DnsType::a, "\1\1\1\1"));
  CHECK(read("x.example", DnsType::a, with(many)).records.size() == kMostDnsRecords);
  const std::string head = std::string("id\x81\x80", 4) + word(0) + word(1) + word(0) + word(0);
  const std::string tail = word(1) + word(1) + quad(1) + word(4) + "\1\1\1\1";
  // Pointers to themselves, forwards, in circles, and reserved label types.
  for (const auto& owner :
       {std::string("\xc0\x0c"), std::string("\xc0\x20"), std::string("\xff\xff"), std::string("\1a\xc0\x0c"),
        std::string("\x40z"), std::string("\x80z"), std::string("\x3fshort", 6)}) {
    CHECK(read_dns_reply(head + owner + tail, "a", DnsType::a).status == DnsStatus::try_again);
  }
  std::string longest;
  for (int i = 0; i < 5; ++i) longest += '\x3f' + std::string(63, 'a');
  CHECK(read_dns_reply(head + longest + '\0' + tail, "a", DnsType::a).status == DnsStatus::try_again);
  // Every prefix of a good reply is no reply.
  const auto whole = reply_to("x.example", DnsType::mx, with({mx("x.example", 1, "mail.x.example")}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(read_dns_reply(whole.substr(0, size), "x.example", DnsType::mx).status == DnsStatus::try_again);
  }
  CHECK(read_dns_reply(whole, "x.example", DnsType::mx).status == DnsStatus::found);
  // Data that are longer or shorter than the record says.
  for (const auto& data : {std::string("\1\1\1"), std::string("\1\1\1\1\1"), std::string()}) {
    CHECK(read("x", DnsType::a, with({record("x", DnsType::a, data)})).status == DnsStatus::try_again);
  }
  CHECK(read("x", DnsType::txt, with({record("x", DnsType::txt, "\5abc")})).status == DnsStatus::try_again);
  CHECK(read("x", DnsType::tlsa, with({record("x", DnsType::tlsa, "\3\1\1")})).status ==
        DnsStatus::try_again);
}

TEST_CASE("addresses backwards") {
  CHECK(reverse_name("\x01\x02\x03\xff") == "255.3.2.1.in-addr.arpa");
  CHECK(reverse_name(std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x1f", 16)) ==
        "f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST_CASE("domain names as DNS has them") {
  const std::pair<std::string, std::string> good[] = {
      {"example.com", "example.com"},
      {"Example.COM.", "Example.COM"},
      {"b\xc3\xbc"
       "cher.example",
       "xn--bcher-kva.example"},
      {"B\xc3\x9c"
       "CHER.example",
       "xn--bcher-kva.example"},
      {"stra\xc3\x9f"
       "e.example",
       "xn--strae-oqa.example"},
      {"_dmarc.example", "_dmarc.example"},
      {"\xe4\xbe\x8b\xe3\x80\x82\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88", "xn--fsq.xn--zckzah"}};
  for (const auto& row : good) {
    CAPTURE(row.first);
    CHECK(ascii_domain(row.first).value_or("none") == row.second);
  }
  for (const std::string& bad :
       {std::string(), std::string("."), std::string("a..b"), std::string("a b.example"),
        std::string("-a.example"), std::string("a-.example"), std::string(64, 'x') + ".example",
        std::string("a\0b", 3), std::string("\xff\xfe.example"), std::string("a/b.example"),
        std::string("\xe2\x80\xae.example"), std::string(2000, 'a')}) {
    CAPTURE(bad);
    const auto made = ascii_domain(bad);
    REQUIRE(!made);
    CHECK(made.error().kind == Errc::invalid);
  }
  std::string long_name;
  for (int i = 0; i < 130; ++i) long_name += "a.";
  CHECK(!ascii_domain(long_name));
}
