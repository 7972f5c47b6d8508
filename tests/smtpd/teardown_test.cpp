#include "tests/smtpd/fixture.h"

using namespace postern;
using namespace postern::smtpd::testing;

namespace {

// The pieces of a session with everything in it that can wait: lines, content, a spool file, the queue, and a
// reply that is held back.
const std::vector<std::string>& pieces() {
  static const std::vector<std::string> all = {"EHLO c.exam",
                                               "ple\r\nBAD\r\n",
                                               "MAIL FROM:<>\r\n",
                                               "RCPT TO:<ann@home.example>\r\n",
                                               "DATA\r\n",
                                               "short\r\n.\r\n",
                                               "MAIL FROM:<>\r\nRCPT TO:<ann@home.example>\r\n",
                                               "DATA\r\n",
                                               std::string(100'000, 'x'),
                                               std::string(50'000, 'y'),
                                               "\r\n.\r\n",
                                               "VRFY ann@home.example\r\n",
                                               std::string(9000, 'z'),
                                               "\r\n",
                                               "QUIT\r\n"};
  return all;
}

// Lives through the first `turns` turns of the loop, then ends in the middle. True when it had ended before.
template <class End>
bool live_for(int turns, End end) {
  SmtpdFixture client("smtpd_soft_error_limit = 1\nsmtpd_forbid_unauth_pipelining = no\n");
  client.queue.delay = milliseconds(1);
  std::size_t piece = 0;
  for (int turn = 0; turn < turns && !client.is_over(); ++turn) {
    if (turn % 6 == 0 && piece < pieces().size()) {
      const std::string& bytes = pieces()[piece++];
      const auto sent = ::send(client.fd().get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      REQUIRE(sent == static_cast<ssize_t>(bytes.size()));
    }
    client.loop.turn(net::Loop::Wait::no);
    if (turn % 6 == 5) client.loop.advance(seconds(1));
  }
  const bool over = client.is_over();
  end(client);
  client.loop.poll();
  // What was opened was claimed by a message or dropped, but for a message whose answer nobody waits for.
  CHECK(client.queue.opened.size() <= client.queue.dropped.size() + client.queue.submitted.size());
  CHECK(client.shared.sessions.is_empty());
  return over;
}

}  // namespace

TEST_CASE("a session can be torn down wherever it waits") {
  int turns = 0;
  while (turns < 400 && !live_for(turns, [](SmtpdFixture& client) { client.is_torn_down(); })) ++turns;
  CHECK(turns > 60);
  CHECK(turns < 400);
}

TEST_CASE("a client can hang up wherever it stands") {
  int turns = 0;
  const auto hang_up = [](SmtpdFixture& client) {
    client.hangs_up();
    // What it had said before is still obeyed, slowly.
    for (int i = 0; i < 20 && !client.is_over(); ++i) client.advance(seconds(1));
    CHECK(client.is_over());
  };
  while (turns < 400 && !live_for(turns, hang_up)) ++turns;
  CHECK(turns < 400);
}
