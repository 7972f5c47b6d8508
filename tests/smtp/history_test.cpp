// What is remembered of the TLS of servers, in the file and by the client.
#include <doctest/doctest.h>

#include "tests/smtp/tls_remote.h"

using namespace postern;
using namespace postern::smtp;

namespace {

// What a service does at its end.
void finish(SmtpFixture& fixture) {
  net::Scope scope(fixture.loop);
  scope.spawn(fixture.client.finish());
  deliver::wait_until(fixture.loop, [&] { return scope.size() == 0; });
}

}  // namespace

TEST_CASE("a server that has less TLS than before") {
  const Identity authority = issue("Test CA", "", nullptr, true);
  const Identity server = issue("mx.example", "DNS:mx.example", &authority);
  TemporaryDirectory directory;
  const std::string trusted = directory.path("ca.pem");
  REQUIRE(replace_file(trusted, authority.pem(false), 0644));
  const std::string settings =
      "smtp_tls_security_level = may\nsmtp_tls_history_database = " + directory.path("history.db") +
      "\nsmtp_tls_CAfile = " + trusted + "\n";
  const std::string defer = settings + "smtp_tls_downgrade_action = defer\n",
                    sent = "sent 2.0.0 250 2.0.0 done";
  const std::string less = "deferred 4.7.5 TLS downgrade: host 127.0.0.1[127.0.0.1] ";
  const std::string before = ", but had Trusted TLSv1.3 before";
  const Script secured = joined({kOffer, {"C: STARTTLS", "S: 220 go", "TLS"}, kMailByTls});
  const Script stripped = joined({{"S: 220 mx", "C: EHLO *", "S: 250 mx"}, kMailByLines});
  const Script refused = joined({kOffer, {"C: STARTTLS", "S: 454 later"}, kMailByLines});
  struct Case {
    std::string settings;
    Script script;
    std::string result, log;  // no log: nothing is said of a downgrade
    int waited;               // seconds
  };
  const std::string hidden = "smtp_discard_ehlo_keywords = starttls\n";
  const Case cases[] = {
      {defer, stripped, sent, "", 0},  // nothing is known of it yet
      {defer, secured, sent, "", 0},
      {settings, stripped, sent, "does not offer STARTTLS" + before, 0},
      {defer, stripped, less + "does not offer STARTTLS" + before, "does not offer STARTTLS", 0},
      {defer, refused, less + "refuses STARTTLS" + before, "refuses STARTTLS", 0},
      {settings, refused, sent, "refuses STARTTLS", 0},
      {defer, joined({kOffer, {"C: STARTTLS", "S: 220 go"}}), less + "fails in the TLS handshake" + before,
       "fails in the TLS handshake", 4000},
      {defer, joined({kOffer, {"C: STARTTLS", "S: 220 go", "TLS", "C: EHLO *"}}),
       "deferred 4.4.2 lost connection with 127.0.0.1[127.0.0.1] while performing the EHLO handshake",
       "breaks off within TLS" + before, 4000},
      {defer + hidden, joined({kOffer, kMailByLines}), sent, "", 0},  // our own will
      {defer + "smtp_tls_CAfile =\n", secured, sent, "", 0},  // another question, no less of an answer
      {defer, secured, sent, "", 0},
      {defer + "smtp_tls_downgrade_time_limit = 1s\n", stripped, less + "does not offer STARTTLS" + before,
       "does not offer STARTTLS", 0},
  };
  std::vector<Script> scripts;
  for (const Case& one : cases) scripts.push_back(one.script);
  scripts.push_back(stripped);
  scripts.push_back(stripped);
  TlsRemote remote(server, scripts);
  const auto send = [&](const std::string& with, int waited, std::string& log) {
    SmtpFixture client(with);
    auto message = SmtpFixture::message(at(remote.port));
    message.arrived -= std::int64_t{waited} * 1'000'000;
    const auto answer = client.deliver(std::move(message));
    finish(client);
    log = client.log_text();
    return SmtpFixture::text(answer);
  };
  std::string log;
  for (const Case& one : cases) {
    CAPTURE(one.settings);
    CAPTURE(one.result);
    CHECK(send(one.settings, one.waited, log) == one.result);
    CHECK((log.find("TLS downgrade: 127.0.0.1[127.0.0.1]:") != std::string::npos) == !one.log.empty());
    CHECK(log.find(one.log) != std::string::npos);
  }
  // It goes on for longer than smtp_tls_downgrade_time_limit: it is the server's own will.
  const history::TlsKey key(at(remote.port), "127.0.0.1:" + std::to_string(remote.port));
  {
    auto file = history::TlsHistory::open(directory.path("history.db"), history::TlsHistory::Access::change);
    REQUIRE(file);
    auto known = (*file)->find(key);
    REQUIRE(known);
    REQUIRE(*known);
    CHECK((*known)->weaker_since > 0);
    (*known)->weaker_since -= 10;
    REQUIRE((*file)->store({{key, **known}}));
  }
  CHECK(send(defer + "smtp_tls_downgrade_time_limit = 1s\n", 0, log) == sent);
  CHECK(log.find("for so long that it is taken as it is") != std::string::npos);
  CHECK(send(defer, 0, log) == sent);
}

TEST_CASE("the history of TLS: what is old or too much goes, a damaged file is put aside") {
  using history::TlsHistory;
  using Access = TlsHistory::Access;
  TemporaryDirectory directory;
  const std::string path = directory.path("history.db");
  CHECK(TlsHistory::open(path, Access::read).error().kind == Errc::not_found);
  CHECK(TlsHistory::open(path, Access::change).error().kind == Errc::not_found);
  std::string warning;
  {
    auto file = TlsHistory::open_or_begin(path, warning);
    REQUIRE(file);
    REQUIRE(
        (*file)->store({{{"a.example", "mx.example:25"}, history::TlsRecord{"TLSv1.3", 1, "x", 100, 0}},
                        {{"b.example", "mx.example:25"}, history::TlsRecord{"TLSv1.2", 0, "x", 200, 7}},
                        {{"b.example", "mx2.example:25"}, history::TlsRecord{"TLSv1.2", 0, "x", 300, 0}}}));
    REQUIRE((*file)->clean(150));
    CHECK_FALSE(*(*file)->find({"a.example", "mx.example:25"}));
    const auto found = (*file)->find({"b.example", "mx.example:25"});
    REQUIRE(*found);
    CHECK((*found)->protocol == "TLSv1.2");
    CHECK((*found)->weaker_since == 7);
    CHECK(*(*file)->forget("mx.example") == 1);
    CHECK(*(*file)->forget("MX2.example:25") == 1);
    CHECK(*(*file)->forget("b.example") == 0);
  }
  CHECK(warning.empty());
  REQUIRE(replace_file(path, std::string(4096, 'x'), 0600));
  CHECK(TlsHistory::open(path, Access::change).error().kind == Errc::invalid);
  CHECK(TlsHistory::open_or_begin(path, warning));
  CHECK(warning.find(".aside, and a new one begun") != std::string::npos);
}
