// Servers that waste our time, on the test's clock.
#include <doctest/doctest.h>

#include "smtp/delivery.h"
#include "tests/smtp/smtp_fixture.h"

using namespace postern;
using namespace postern::smtp;

namespace {

const std::string kLimits =
    "smtp_helo_timeout = 100s\nsmtp_mail_timeout = 100s\nsmtp_rcpt_timeout = 100s\nsmtp_data_init_timeout = "
    "100s\n"
    "smtp_data_xfer_timeout = 60s\nsmtp_data_done_timeout = 200s\nsmtp_delivery_time_limit = 300s\n"
    "lmtp_data_done_timeout = 200s\nlmtp_delivery_time_limit = 300s\n";

const std::string kHost = "127.0.0.1[127.0.0.1]";

std::string timed_out(const std::string& doing) {
  return "deferred 4.4.2 conversation with " + kHost + " timed out while " + doing;
}

// The outcome of a delivery, and how many seconds it took.
struct Outcome {
  std::string text;
  int took = 0;
};

Outcome outcome(SmtpFixture& client, ipc::Deliver message) {
  client.loop.advance(seconds(0));
  client.send(std::move(message));
  const std::size_t n = client.answers.size() - 1;
  int took = 0;
  for (;; ++took) {
    client.loop.poll();
    if (client.is_answered(n)) break;
    REQUIRE(took < 20'000);
    client.loop.advance(seconds(1));
  }
  return {SmtpFixture::text(client.answers[n]), took};
}

Script join(std::initializer_list<Script> parts) {
  Script all;
  for (const Script& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Script times(int n, const Script& part) {
  Script all;
  for (int i = 0; i < n; ++i) all.insert(all.end(), part.begin(), part.end());
  return all;
}

const Script kHello = {"S: 220 mx ESMTP", "C: EHLO *", "S: 250 mx"};
const Script kPipelining = {"S: 220 mx ESMTP", "C: EHLO *", "S: 250-mx", "S: 250 PIPELINING"};
const Script kMail = {"C: MAIL*", "S: 250 ok"};
const Script kRcpt = {"C: RCPT*", "S: 250 ok"};
const Script kData = {"C: DATA", "S: 354 go"};
const std::vector<std::string> kFive = {"a@x.test", "b@x.test", "c@x.test", "d@x.test", "e@x.test"};

ipc::Deliver to(const Remote& remote, const std::vector<std::string>& recipients = {"bob@example.org"}) {
  return SmtpFixture::message("[127.0.0.1]:" + std::to_string(remote.port), recipients);
}

}  // namespace

TEST_CASE("a server that drips holds a delivery for the timeout of what it was asked") {
  const std::string greeting = "receiving the initial server greeting",
                    hello = "performing the EHLO handshake";
  const std::string senseless = "deferred 4.5.0 host " + kHost + " does not speak SMTP while ";
  struct Case {
    const char* name;
    Script script;
    std::string result;
    int took;
  };
  const Case cases[] = {
      {"nothing at all", {"silence"}, timed_out(greeting), 100},
      {"a byte now and then", times(50, {"R: 2", "pause 30"}), timed_out(greeting), 100},
      {"a line now and then", times(50, {"S: 220-more", "pause 30"}), timed_out(greeting), 100},
      {"lines without an end", times(130, {"S: 220-more"}), senseless + greeting, 0},
      {"lines that are none", join({{"S: 220 mx", "C: EHLO *"}, times(101, {"S: well"}), {"silence"}}),
       senseless + hello, 0},
      {"a line without an end",
       {"S: 220 mx", "C: EHLO *", "R: " + std::string(1'200'000, '2'), "silence"},
       senseless + hello,
       0},
      {"a long line that ends",
       {"S: 220 mx", "C: EHLO *", "R: 250-" + std::string(50'000, 'x'), "S: ", "pause 100", "silence"},
       timed_out(hello),
       100},
      {"MAIL", join({kHello, {"C: MAIL*", "R: 2", "pause 99", "R: 5", "silence"}}),
       timed_out("sending MAIL FROM"), 100},
      {"DATA", join({kHello, kMail, kRcpt, {"C: DATA", "R: 35", "silence"}}),
       timed_out("sending DATA command"), 100},
      {"the final dot", join({kHello, kMail, kRcpt, kData, {"body"}, times(9, {"S: 250-soon", "pause 90"})}),
       timed_out("sending end of data -- message may be sent more than once"), 200},
  };
  for (const Case& each : cases) {
    CAPTURE(each.name);
    SmtpFixture client(kLimits);
    Remote remote(client.loop);
    remote.expects(each.script);
    const auto got = outcome(client, to(remote));
    CHECK(got.text == each.result);
    CHECK(got.took == each.took);
  }
}

TEST_CASE("replies that each come in time hold a delivery for smtp_delivery_time_limit") {
  SmtpFixture client(kLimits);
  Remote remote(client.loop);
  remote.expects(
      join({{"pause 90"},
            {"S: 220 mx", "C: EHLO *", "pause 90", "S: 250 mx", "C: MAIL*", "pause 90", "S: 250 ok"},
            {"C: RCPT*", "silence"}}));
  const auto got = outcome(client, to(remote));
  CHECK(got.text == timed_out("sending RCPT TO (smtp_delivery_time_limit)"));
  CHECK(got.took == 300);
  CHECK(deliver::like(client.log_text(),
                      "*status=deferred (conversation with 127.0.0.1[127.0.0.1] timed out while "
                      "sending RCPT TO (smtp_delivery_time_limit))\n*"));
}

TEST_CASE("recipients that were accepted in time get the message, the others the next attempt") {
  struct Case {
    const char* name;
    bool pipelining;
    int attempts;
    int sent;
    int took;
  };
  const Case cases[] = {{"the first attempt knows no better", true, 0, 0, 300},
                        {"the second one goes step by step", true, 1, 4, 360},
                        {"without PIPELINING the first one does", false, 0, 4, 360}};
  for (const Case& each : cases) {
    CAPTURE(each.name);
    SmtpFixture client(kLimits);
    Remote remote(client.loop);
    const Script slow = {"C: RCPT*", "pause 90", "S: 250 ok"};
    const auto& hello = each.pipelining ? kPipelining : kHello;
    const Script rest = {"C: DATA", "S: 354 go", "body", "S: 250 done"};
    remote.expects(join({hello, kMail, times(each.sent == 0 ? 5 : 4, slow), rest}));
    auto message = to(remote, kFive);
    message.attempts = each.attempts;
    const auto got = outcome(client, std::move(message));
    std::string expected;
    for (int i = 0; i < 5; ++i) {
      expected +=
          (i > 0 ? "\n" : "") + (i < each.sent ? std::string("sent 2.0.0 250 done")
                                               : timed_out("sending RCPT TO (smtp_delivery_time_limit)"));
    }
    CHECK(got.text == expected);
    CHECK(got.took == each.took);
    CHECK(remote.bodies.size() == (each.sent > 0 ? 1 : 0));
  }
}

TEST_CASE("a list that was deferred before goes ahead as fast as the server answers") {
  SmtpFixture client(kLimits);
  Remote remote(client.loop);
  remote.expects(join({kPipelining, kMail, times(5, kRcpt), kData, {"body", "S: 250 done"}}));
  auto message = to(remote, kFive);
  message.attempts = 3;
  const auto got = outcome(client, std::move(message));
  CHECK(got.text.find("deferred") == std::string::npos);
  CHECK(got.took == 0);
}

TEST_CASE("a list makes progress with a server that becomes slow after some recipients") {
  SmtpFixture client(kLimits);
  Remote remote(client.loop);
  const Script slow = {"C: RCPT*", "pause 90", "S: 250 ok"};
  remote.expects(join({kPipelining, kMail, times(3, kRcpt), times(4, slow), kData, {"body", "S: 250 done"}}));
  std::vector<std::string> twelve;
  for (int i = 0; i < 12; ++i) twelve.push_back("r" + std::to_string(i) + "@x.test");
  auto message = to(remote, twelve);
  message.attempts = 1;
  outcome(client, std::move(message));
  const auto& results = client.answers[0].results;
  const auto sent = std::count_if(results.begin(), results.end(),
                                  [](const auto& one) { return one.status == ipc::DeliveryStatus::sent; });
  CHECK(sent == 7);
}

TEST_CASE("the reply to the final dot has all its time, whatever has passed before") {
  SmtpFixture client(kLimits);
  Remote remote(client.loop);
  remote.expects(join({{"pause 99"},
                       kHello,
                       {"C: MAIL*", "pause 99", "S: 250 ok", "C: RCPT*", "pause 99", "S: 250 ok"},
                       kData,
                       {"body", "pause 199", "S: 250 done"}}));
  const auto got = outcome(client, to(remote));
  CHECK(got.text == "sent 2.0.0 250 done");
  CHECK(got.took == 99 * 3 + 199);
}

TEST_CASE("replies of LMTP that drip end with the delivery") {
  SmtpFixture client(kLimits, Side::lmtp);
  Remote remote(client.loop);
  remote.expects(join({{"S: 220 mx", "C: LHLO *", "S: 250-mx", "S: 250 PIPELINING"},
                       kMail,
                       times(5, kRcpt),
                       kData,
                       {"body"},
                       times(5, {"pause 150", "S: 250 done"})}));
  const auto got = outcome(client, to(remote, kFive));
  const std::string sent = "sent 2.0.0 250 done\n";
  const std::string late = timed_out("sending end of data -- message may be sent more than once");
  CHECK(got.text == sent + sent + sent + late + "\n" + late);
  CHECK(got.took == 500);
}

TEST_CASE("content moves on at smtp_min_data_rate, or not at all") {
  struct Case {
    const char* name;
    std::size_t bytes;  // a second
    bool sent;
  };
  constexpr std::size_t kSize = 8 << 20;
  for (const Case& each : {Case{"a byte a second", 1, false}, Case{"a line that is slow", 16 * 1024, true}}) {
    CAPTURE(each.name);
    SmtpFixture client(kLimits);
    Remote remote(client.loop);
    remote.expects(join({kHello, kMail, kRcpt, kData, {"sip " + std::to_string(each.bytes), "S: 250 done"}}));
    auto message = to(remote);
    message.content = "Subject: large\n\n" + std::string(kSize, 'x') + "\n";
    const auto got = outcome(client, std::move(message));
    CHECK(got.text == (each.sent ? "sent 2.0.0 250 done" : timed_out("sending message body")));
    if (each.sent) CHECK(got.took >= static_cast<int>(kSize / each.bytes));
    if (!each.sent) CHECK(got.took <= 120);  // in the first 60 seconds the buffers on the way fill
  }
}

TEST_CASE("no other host is tried when the time for one has passed") {
  for (const int pause : {20, 99}) {
    CAPTURE(pause);
    SmtpFixture client(kLimits + "smtp_randomize_addresses = no\n");
    Remote first(client.loop);
    Remote second(client.loop, *net::Endpoint::parse("127.0.0.2", first.port));
    client.names->mx("x.test", 10, "one.x.test");
    client.names->mx("x.test", 20, "two.x.test");
    client.names->address("one.x.test", "127.0.0.1");
    client.names->address("two.x.test", "127.0.0.2");
    const std::string wait = "pause " + std::to_string(pause);
    first.expects(
        join({{wait},
              kHello,
              {"C: MAIL*", wait, "S: 250 ok", "C: RCPT*", wait, "S: 250 ok", "C: DATA", "silence"}}));
    second.expects({"silence"});
    const auto got = outcome(client, SmtpFixture::message("x.test:" + std::to_string(first.port)));
    CHECK(second.connections == (pause == 20 ? 1 : 0));
    CHECK(got.took == (pause == 20 ? 3 * 20 + 100 + 100 : 300));
  }
}
