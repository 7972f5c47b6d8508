// BDAT (RFC 3030): dialogues as Debian's Postfix has them, and what must not happen at the edges of chunks.
#include "tests/smtpd/fixture.h"

using namespace postern;
using namespace postern::smtpd::testing;

namespace {

using Steps = std::vector<std::pair<std::string, std::vector<std::string>>>;

constexpr std::string_view kSmall = "message_size_limit = 1000\nsmtpd_soft_error_limit = 100\n";
constexpr std::string_view kRefusing =
    "smtpd_forbid_bare_newline = reject\nsmtpd_forbid_bare_newline_exclusions =\n";
const std::string kMailLine = "MAIL FROM:<ann@client.example>\r\n";
const std::string kRcptLine = "RCPT TO:<bob@home.example>\r\n";
const std::string kOk = "250 2.0.0 Ok";
const std::string kSkipped3 = "551 5.0.0 Discarded 3 bytes after earlier error";
const std::string kSyntax = "521 5.5.4 Syntax: BDAT count [LAST]";
const std::string kTooLarge = "552 5.3.4 Chunk exceeds message size limit";

std::string chunk(std::string_view text, std::string_view last = "") {
  return concat("BDAT ", text.size(), last, "\r\n", text);
}

std::string queued(std::size_t size) { return concat("250 2.0.0 Ok: ", size, " bytes queued as *"); }

// Sends, and expects the replies; an empty one: silence.
void play(Client& client, const Steps& steps) {
  for (const auto& step : steps) {
    const auto& [sent, replies] = step;
    CAPTURE(step.first);
    client.sends(sent);
    for (const std::string& reply : replies) client.expect(reply);
    if (client.is_over()) continue;
    client.expect_silence();
  }
}

// Past EHLO, and with an envelope when that is wanted.
class Chunked : public SmtpdFixture {
 public:
  explicit Chunked(std::string_view main_cf = kSmall, bool in_mail = true) : SmtpdFixture(main_cf) {
    begin();
    if (in_mail) play(*this, {{kMailLine + kRcptLine, {"250 2.1.0 Ok", "250 2.1.5 Ok"}}});
  }
  std::string content(std::size_t message = 0) { return queue.submitted.at(message).content; }
};

}  // namespace

TEST_CASE("chunks make a message, and their text is what counts, dots and all") {
  Chunked client;
  play(client, {{chunk("Subject: x\r\n\r\n"), {"250 2.0.0 Ok: 14 bytes"}},
                {chunk(".\r\n..\r\nQUIT\r\n.\r\n"), {"250 2.0.0 Ok: 16 bytes"}},
                {chunk("end", " LAST"), {queued(35)}},
                {kMailLine + kRcptLine + chunk("a") + chunk("b\r\n", " last") + "QUIT\r\n",
                 {"250 2.1.0 Ok", "250 2.1.5 Ok", "250 2.0.0 Ok: 1 bytes", queued(4), "221 2.0.0 Bye"}}});
  CHECK(client.content() == "Subject: x\n\n.\n..\nQUIT\n.\nend\n");
  CHECK(client.queue.submitted.at(0).size == 35);
  CHECK(client.content(1) == "ab\n");
  CHECK(client.logged("disconnect from * ehlo=1 mail=2 rcpt=2 bdat=5 quit=1 commands=11") == 1);
}

TEST_CASE("what Postfix answers to chunks, in order and out of it") {
  const struct {
    bool in_mail;
    Steps steps;
    std::string logged;
  } cases[] = {
      {true, {{"BDAT 0 LAST\r\n", {queued(0)}}, {"NOOP\r\n", {kOk}}}, "lost connection after NOOP *"},
      {true, {{chunk("abcde"), {"250 2.0.0 Ok: 5 bytes"}}, {"BDAT 0 LAST\r\n", {queued(7)}}}, "* bdat=2 *"},
      {true,
       {{"BDAT 0\r\n", {"551 5.7.1 Null BDAT request"}},
        {"BDAT 0\r\n", {"551 5.7.1 Null BDAT request"}},
        {"NOOP\r\n", {kOk}},
        {chunk("abc", " LAST"), {kSkipped3}}},
       "warning: *: null BDAT request from unknown[192.0.2.1]"},
      {false,
       {{chunk("abc"), {"503 5.5.1 Error: need RCPT command"}},
        {kMailLine, {"503 5.5.1 Error: MAIL after BDAT"}},
        {kRcptLine, {"503 5.5.1 Error: need MAIL command"}},
        {"DATA\r\n", {"503 5.5.1 Error: DATA after BDAT"}},
        {chunk("abc", " LAST"), {kSkipped3}},
        {kMailLine + kRcptLine + chunk("abc", " LAST"), {"250 2.1.0 Ok", "250 2.1.5 Ok", queued(5)}}},
       "disconnect from * mail=1/2 rcpt=1/2 data=0/1 bdat=1/3 *"},
      {false,
       {{kMailLine, {"250 2.1.0 Ok"}},
        {chunk("abc"), {"554 5.5.1 Error: no valid recipients"}},
        {kRcptLine, {"503 5.5.1 Error: RCPT after BDAT"}},
        {kMailLine, {"503 5.5.1 Error: nested MAIL command"}},
        {chunk("abc", " LAST"), {kSkipped3}},
        {kRcptLine, {"503 5.5.1 Error: need MAIL command"}}},
       "disconnect from * mail=1/2 rcpt=0/2 bdat=0/2 *"},
      {true,
       {{chunk("abc"), {"250 2.0.0 Ok: 3 bytes"}},
        {kRcptLine, {"503 5.5.1 Error: RCPT after BDAT"}},
        {"DATA\r\n", {"503 5.5.1 Error: DATA after BDAT"}},
        {"NOOP\r\n", {kOk}},
        {"VRFY bob\r\n", {"252 *"}},
        {chunk("abc", " LAST"), {queued(8)}}},
       "disconnect from * data=0/1 bdat=2 *"},
      {true,
       {{chunk("abc"), {"250 2.0.0 Ok: 3 bytes"}},
        {"RSET\r\n", {kOk}},
        {chunk("abc", " LAST"), {"503 5.5.1 Error: need RCPT command"}},
        {kMailLine, {"250 2.1.0 Ok"}}},
       "disconnect from * bdat=1/2 rset=1 *"},
      {true,
       {{"BDAT 0\r\n", {"551 *"}},
        {"EHLO c.example\r\n", {"250-*"}},
        {kMailLine + kRcptLine + chunk("abc", " LAST"), {"250 2.1.0 Ok", "250 2.1.5 Ok", queued(5)}}},
       "disconnect from * bdat=1/2 *"},
      {true,
       {{"BDAT\r\n", {kSyntax}}},
       "warning: *: malformed BDAT command syntax from unknown[192.0.2.1]: BDAT"},
      {true, {{"BDAT 3 LAST\xff\r\nabc", {kSyntax}}}, "*: malformed BDAT command *: BDAT 3 LAST?"},
      {true, {{chunk("abc"), {"250 *"}}, {"BDAT 9223372036854775808\r\n", {kSyntax}}}, "* bdat=1/2 *"},
      {true,
       {{chunk(std::string(998, 'x') + "\r\n"), {"250 2.0.0 Ok: 1000 bytes"}},
        {chunk("x"), {kTooLarge}},
        {chunk("abc", " LAST"), {kSkipped3}},
        {kMailLine, {"250 2.1.0 Ok"}}},
       "warning: *: BDAT request from unknown[192.0.2.1] exceeds message size limit"},
      {true,
       {{chunk(std::string(5000, '\n'), " LAST"), {kTooLarge}}, {kMailLine, {"250 2.1.0 Ok"}}},
       "* bdat=0/1 *"},
  };
  for (const auto& row : cases) {
    Chunked client(kSmall, row.in_mail);
    play(client, row.steps);
    client.hangs_up();
    CAPTURE(row.logged);
    CAPTURE(client.log_lines().back());
    CHECK(client.logged(row.logged) >= 1);
    CHECK(client.queue.opened.empty());
  }
}

TEST_CASE("a chunk comes to its end before a refusal is answered, and nothing in it is obeyed") {
  const std::string text =
      "x\r\nRSET\r\nMAIL FROM:<evil@x.example>\r\nRCPT TO:<ann@home.example>\r\nDATA\r\n";
  const auto header = concat("BDAT ", text.size(), " LAST\r\n");
  const struct {
    std::string_view main_cf, reply;
    bool in_mail;
  } cases[] = {
      {"smtpd_data_restrictions = reject\n", "554 5.7.1 <DATA>: Data command rejected: Access denied", true},
      {"", "503 5.5.1 Error: need RCPT command", false},
      {"message_size_limit = 50\n", kTooLarge, true},
      {"smtpd_tls_security_level = encrypt\nsmtpd_tls_cert_file = /nonexistent\n",
       "530 5.7.0 Must issue a STARTTLS command first", false},
  };
  for (const auto& row : cases) {
    CAPTURE(row.reply);
    Chunked client(row.main_cf, row.in_mail);
    client.sends(header);
    client.expect_silence();
    client.sends(text.substr(0, text.size() - 1));
    client.expect_silence();
    client.sends(text.substr(text.size() - 1) + "NOOP\r\n");
    client.expect(row.reply);
    client.expect(kOk);
    client.expect_silence();
  }
  SmtpdFixture stranger("smtpd_delay_reject = no\nsmtpd_client_restrictions = reject\n");
  play(stranger, {{"", {"554 *"}}, {header + text + "QUIT\r\n", {"503 5.7.0 *", "221 *"}}});
}

TEST_CASE("content comes out the same wherever chunks and packets end") {
  const std::string text = "S: x\r\n\r\n.\r\n..a\n.\r\nb\rc\r\r\n\r\n.\r\nQUIT\r\r";
  Chunked whole("");
  play(whole, {{chunk(text, " LAST"), {"250 *"}}});
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    CAPTURE(cut);
    const std::string wire = chunk(text.substr(0, cut)) + chunk(text.substr(cut), " LAST");
    Chunked client("");
    play(client, {{wire.substr(0, cut), {}}});
    client.loop.poll();
    client.sends(std::string_view(wire).substr(cut));
    client.expect(concat("250 2.0.0 Ok: ", cut, " bytes"));
    client.expect(queued(text.size() + 3));
    CHECK(client.content() == whole.content());
    CHECK(client.queue.submitted.at(0).size == whole.queue.submitted.at(0).size);
  }
}

TEST_CASE("a bare newline in a chunk is refused at its end, at a boundary too, and the session goes on") {
  const struct {
    Steps steps;
    std::string logged;
  } cases[] = {
      {{{chunk("a\nb", " LAST"), {"550 5.5.2 mx.example Error: bare <LF> received"}}, {kMailLine, {"250 *"}}},
       "*: reject: END-OF-MESSAGE from *"},
      {{{chunk("a\nb"), {"550 5.5.2 mx.example Error: bare <LF> received"}},
        {chunk("abc"), {kSkipped3}},
        {chunk("abc", " LAST"), {kSkipped3}},
        {kMailLine, {"250 *"}}},
       "*: reject: BDAT content from unknown[192.0.2.1]: 550 5.5.2 *"},
      {{{chunk("a"), {"250 *"}}, {chunk("\nb", " LAST"), {"550 5.5.2 *"}}},
       "*: reject: END-OF-MESSAGE from *"},
      {{{chunk("a\r"), {"250 *"}}, {chunk("\nb", " LAST"), {"250 *"}}}, "*: client=*"},
  };
  for (const auto& row : cases) {
    Chunked client(kRefusing);
    play(client, row.steps);
    CHECK(client.logged(row.logged) == 1);
  }
  Chunked noted("smtpd_forbid_bare_newline = note\nsmtpd_forbid_bare_newline_exclusions =\n");
  play(noted, {{chunk("a\nb"), {"250 *"}}, {chunk("c", " LAST") + "QUIT\r\n", {"250 *", "221 *"}}});
  CHECK(noted.logged("disconnect from * notes=bare_lf") == 1);
}

TEST_CASE("restrictions of content are asked with the first chunk, and with the last") {
  Chunked first("smtpd_data_restrictions = reject\n");
  play(first,
       {{chunk("abc"), {"554 5.7.1 *"}}, {chunk("abc"), {kSkipped3}}, {chunk("abc", " LAST"), {kSkipped3}}});
  CHECK(first.logged("*: reject: BDAT from unknown[192.0.2.1]: 554 5.7.1 *") == 1);
  Chunked last("smtpd_end_of_data_restrictions = reject\n");
  play(last, {{chunk("abc"), {"250 2.0.0 Ok: 3 bytes"}}, {chunk("abc", " LAST"), {"554 5.7.1 *"}}});
  CHECK(last.logged("*: reject: END-OF-MESSAGE from unknown[192.0.2.1]: 554 5.7.1 *") == 1);
  CHECK(last.queue.submitted.empty());
}

TEST_CASE("whoever is not offered CHUNKING has no use of it") {
  Chunked client("smtpd_discard_ehlo_keywords = chunking\n");
  play(client, {{chunk("abc", " LAST"), {"521 5.5.1 Error: command not implemented"}}});
  CHECK(client.is_over());
}

TEST_CASE("behind BDAT its chunk is in order, with or without PIPELINING") {
  Chunked client("smtpd_discard_ehlo_keywords = pipelining\nsmtpd_forbid_unauth_pipelining = yes\n", false);
  play(client, {{kMailLine, {"250 *"}}, {kRcptLine, {"250 *"}}, {chunk("abc", " LAST"), {queued(5)}}});
  CHECK(client.logged("improper command pipelining *") == 0);
}

TEST_CASE("a message in chunks that is large goes to a file, and an error leaves none") {
  std::string body;
  while (body.size() < 300'000) body += "a line of a long message\r\n";
  Chunked client("");
  play(client, {{chunk("Subject: long\r\n\r\n"), {"250 *"}}});
  client.sends(concat("BDAT ", body.size(), "\r\n"));
  for (std::size_t at = 0; at < body.size(); at += 50'000) {
    client.expect_silence();
    client.sends(std::string_view(body).substr(at, 50'000));
  }
  client.expect(concat("250 2.0.0 Ok: ", body.size(), " bytes"));
  SUBCASE("LAST") {
    play(client, {{chunk("\rx", " LAST"), {queued(body.size() + 21)}}});
    const ipc::Submit& mail = client.queue.submitted.at(0);
    CHECK(mail.spooled);
    CHECK(mail.content == "Subject: long\n\n");
    CHECK(client.queue.written(mail.queue_id).ends_with("message\n x\n"));
    CHECK(client.queue.dropped.empty());
    return;
  }
  SUBCASE("RSET") { play(client, {{"RSET\r\n", {kOk}}}); }
  SUBCASE("error") { play(client, {{"BDAT 0\r\n", {"551 *"}}}); }
  SUBCASE("the end") { client.hangs_up(); }
  client.loop.poll();
  REQUIRE(client.queue.opened.size() == 1);
  CHECK(client.queue.dropped == client.queue.opened);
}

TEST_CASE("a client that leaves or dawdles in chunks is named with what it had brought") {
  const struct {
    std::string sent, place;
    bool in_mail;
  } cases[] = {
      {"BDAT 300\r\nabc", "BDAT (3 bytes)", true},
      {chunk("abc") + "BDAT 5 LAST\r\nab", "BDAT (5 bytes)", true},
      {chunk("abc"), "BDAT (3 bytes)", true},
      {chunk("abc") + "NOOP\r\n", "NOOP", true},
      {"BDAT 30\r\nabc", "BDAT", false},
      {chunk("abc"), "BDAT", false},
  };
  for (const auto& row : cases) {
    CAPTURE(row.sent);
    Chunked lost(kSmall, row.in_mail);
    lost.sends(row.sent);
    lost.hangs_up();
    CHECK(lost.logged(concat("lost connection after ", row.place, " from unknown[192.0.2.1]")) == 1);
    Chunked late("smtpd_timeout = 100s\n", row.in_mail);
    late.sends(row.sent);
    late.advance(seconds(99));
    CHECK_FALSE(late.is_over());
    late.advance(seconds(2));
    CHECK(late.is_over());
    CHECK(late.logged(concat("timeout after ", row.place, " from unknown[192.0.2.1]")) == 1);
    CHECK(late.hears().ends_with("421 4.4.2 mx.example Error: timeout exceeded\r\n"));
  }
}

TEST_CASE("a chunk that trickles is given up, and one that flows is not, whether it is wanted or not") {
  for (const bool in_mail : {true, false}) {
    Chunked slow("smtpd_timeout = 100s\n", in_mail);
    slow.sends("BDAT 1000000 LAST\r\n");
    int turns = 0;
    for (; !slow.is_over() && turns < 100; ++turns) {
      slow.sends("x");
      slow.advance(seconds(10));
    }
    CHECK(turns == 11);
    Chunked honest("smtpd_timeout = 100s\n", in_mail);
    honest.sends("BDAT 200000 LAST\r\n");
    for (int i = 0; i < 40; ++i) {
      CHECK_FALSE(honest.is_over());
      honest.sends(std::string(5000, 'x'));
      honest.advance(seconds(10));
    }
    honest.expect(in_mail ? queued(200'002) : "503 5.5.1 *");
  }
}

TEST_CASE("content that nobody keeps holds a session no longer than the largest message would") {
  struct Row {
    std::string_view begins;
    std::size_t kept;  // bytes of the content before it is too much
  };
  const Row rows[] = {{"BDAT 1000000000 LAST\r\n", 0}, {"DATA\r\n", 100'000}};
  for (const Row& row : rows) {
    CAPTURE(row.begins);
    Chunked client("smtpd_timeout = 100s\nmessage_size_limit = 100000\nsmtpd_session_time_limit = 0\n");
    client.sends(row.begins);
    std::size_t sent = 0;
    for (; !client.is_over() && sent < 1'000'000; sent += 5000) {
      client.sends(std::string(4998, 'x') + "\r\n");
      client.advance(seconds(10));  // as much as must come in this time
    }
    const std::size_t paid = row.kept + 100'000;
    CHECK(sent >= paid + 40'000);
    CHECK(sent <= paid + 55'000);
    CHECK(client.hears().ends_with("421 4.4.2 mx.example Error: timeout exceeded\r\n"));
  }
}
