// Content on its way out: seven bits, generic addresses, header checks.
#include <doctest/doctest.h>

#include "smtp/downgrade.h"
#include "smtp/rewrite.h"
#include "tests/smtp/smtp_fixture.h"

using namespace postern;
using namespace postern::smtp;

namespace {

std::string seven_bit(const std::string& text, std::size_t piece) {
  Downgrade downgrade;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece)
    downgrade.feed(std::string_view(text).substr(at, piece), out);
  downgrade.finish(out);
  return out;
}

}  // namespace

TEST_CASE("parts that declare 8bit become quoted-printable, and nothing else changes") {
  const std::pair<std::string, std::string> cases[] = {
      {"Subject: x\nContent-Transfer-Encoding: 8bit\n\nf\xc3\xbcr a=b \n.\n",
       "Subject: x\nContent-Transfer-Encoding: quoted-printable\n\nf=C3=BCr a=3Db=20\n.\n"},
      {"Subject: x\n\nf\xc3\xbcr\n", "Subject: x\n\nf\xc3\xbcr\n"},
      {"Content-Type: multipart/mixed;\n boundary=\"b b\"\nContent-Transfer-Encoding: 8bit\n\npre\n--b b\n"
       "Content-Transfer-Encoding: BINARY\n\n\xff\n--b b\nContent-Type: "
       "message/rfc822\nContent-Transfer-Encoding: "
       "8bit\n\nSubject: in\nContent-Transfer-Encoding: 8bit\n\n\xfe\n--b b--\n\xfd\n",
       "Content-Type: multipart/mixed;\n boundary=\"b b\"\nContent-Transfer-Encoding: 7bit\n\npre\n--b b\n"
       "Content-Transfer-Encoding: quoted-printable\n\n=FF\n--b b\nContent-Type: "
       "message/rfc822\nContent-Transfer-Encoding: "
       "7bit\n\nSubject: in\nContent-Transfer-Encoding: quoted-printable\n\n=FE\n--b b--\n\xfd\n"},
      {"Content-Transfer-Encoding: base64\n\nAAAA\n", "Content-Transfer-Encoding: base64\n\nAAAA\n"},
      {"Content-Transfer-Encoding: 8bit\n", "Content-Transfer-Encoding: quoted-printable\n"},
      {"no header\n", "no header\n"}};
  for (const auto& [before, after] : cases) {
    for (const std::size_t piece : {1u, 7u, 1000u}) CHECK(seven_bit(before, piece) == after);
  }
  const auto longer = seven_bit("Content-Transfer-Encoding: 8bit\n\n" + std::string(20000, 'a') + "\n", 500);
  std::size_t longest = 0;
  for (std::size_t at = 0; at < longer.size();) {
    const auto end = longer.find('\n', at);
    longest = std::max(longest, end - at);
    at = end + 1;
  }
  CHECK(longest <= 76);
}

TEST_CASE("a server without 8BITMIME gets seven bits, unless that is switched off") {
  for (const bool off : {false, true}) {
    SmtpFixture client(off ? "disable_mime_output_conversion = yes\n" : "");
    Remote remote(client.loop);
    remote.expects({"S: 220 mx", "C: EHLO *", "S: 250 mx", "C: MAIL FROM:<ann@example.com>", "S: 250 ok",
                    "C: RCPT*", "S: 250 ok", "C: DATA", "S: 354 go", "body", "S: 250 ok"});
    auto message = SmtpFixture::message("[127.0.0.1]:" + std::to_string(remote.port));
    const std::string content = "Content-Transfer-Encoding: 8bit\n\n\xc3\xbc\n";
    message.content = content;
    message.body_type = "8BITMIME";
    CHECK(SmtpFixture::text(client.deliver(std::move(message))).starts_with("sent"));
    CHECK(remote.surprises.empty());
    REQUIRE(remote.bodies.size() == 1);
    CHECK(remote.bodies[0] == (off ? content : "Content-Transfer-Encoding: quoted-printable\n\n=C3=BC\n"));
  }
}

TEST_CASE("generic addresses stand in envelope and header, and the log has the inner ones") {
  SmtpFixture client(
      "smtp_generic_maps = inline:{ {ann@example.com = ann@isp.example}, {@inner.example = @outer.example} "
      "}\n");
  Remote remote(client.loop);
  remote.expects({"S: 220 mx", "C: EHLO *", "S: 250 mx", "C: MAIL FROM:<ann@isp.example>", "S: 250 ok",
                  "C: RCPT TO:<eve@outer.example>", "S: 250 ok", "C: DATA", "S: 354 go", "body",
                  "S: 250 ok"});
  auto message = SmtpFixture::message("[127.0.0.1]:" + std::to_string(remote.port), {"eve@inner.example"});
  message.content =
      "From: Ann <ann@example.com>\nSubject: ann@example.com\nTo: a@b.example,\n eve@inner.example\n\nbody\n";
  CHECK(SmtpFixture::text(client.deliver(std::move(message))).starts_with("sent"));
  CHECK(remote.surprises.empty());
  REQUIRE(remote.bodies.size() == 1);
  CHECK(remote.bodies[0] ==
        "From: Ann <ann@isp.example>\nSubject: ann@example.com\nTo: a@b.example,\n "
        "eve@outer.example\n\nbody\n");
  CHECK(client.log_text().find("to=<eve@inner.example>") != std::string::npos);
}

TEST_CASE("header checks change what is sent") {
  SmtpFixture client(
      "smtp_header_checks = regexp:{ {/^x-secret:/ IGNORE}, {/^subject: (.*)/ REPLACE Subject: bye $$1}, "
      "{/^x-a: / PREPEND "
      "X-Before: a} }\n");
  Remote remote(client.loop);
  remote.expects(whole_session());
  auto message = SmtpFixture::message("[127.0.0.1]:" + std::to_string(remote.port));
  message.content = "X-Secret: 1\nX-A: b\nSubject: hello\n\nbody\n";
  CHECK(SmtpFixture::text(client.deliver(std::move(message))).starts_with("sent"));
  REQUIRE(remote.bodies.size() == 1);
  CHECK(remote.bodies[0] == "X-Before: a\nX-A: b\nSubject: bye hello\n\nbody\n");
  CHECK(client.log_text().find("ABC: replace: header Subject: hello: Subject: bye hello\n") !=
        std::string::npos);
}

TEST_CASE("long lines are folded, and a large content goes out whole") {
  SmtpFixture client("smtp_line_length_limit = 10\n");
  Remote remote(client.loop);
  auto script = whole_session();
  script[4] = "S: 250-SIZE";
  remote.expects(script);
  auto message = SmtpFixture::message("[127.0.0.1]:" + std::to_string(remote.port));
  message.content = "A: b\n\n0123456789abcdefghi\n0123456789\n" + std::string(300'000, '\n');
  CHECK(SmtpFixture::text(client.deliver(std::move(message))).starts_with("sent"));
  REQUIRE(remote.bodies.size() == 1);
  CHECK(remote.bodies[0] == "A: b\n\n0123456789\n abcdefghi\n0123456789\n" + std::string(300'000, '\n'));
}
