// BDAT (RFC 3030) in a whole session: content comes out as if it had come in one piece, wherever its chunks and packets end;
// each chunk has one reply, and nothing in it is taken for a command. The first byte says where packets end, the second
// where chunks do; when its highest bit is set the rest is what a client says behind RCPT, whatever that is.
#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/smtpd/fixture.h"

#include "tests/fuzz/replies.h"

using namespace postern;
using namespace postern::smtpd::testing;
using fuzz::require;

namespace {

constexpr std::string_view kSettings = "message_size_limit = 0\nsmtpd_hard_error_limit = 5\n";
constexpr std::size_t kLongest = 4096;

void use_doctest_here() {
  static doctest::Context context;
  static const bool done = [] {
    context.setAsDefaultForAssertsOutOfTestCases();
    context.setAssertHandler([](const doctest::AssertData& data) { require(!data.m_failed); });
    return true;
  }();
  require(done);
}

std::string canonical(std::string_view content) {
  wire::ContentDecoder decoder(wire::Framing::counted);
  std::string text;
  decoder.feed(content, text);
  decoder.finish(text);
  return text;
}

void send_in_pieces(SmtpdFixture& client, std::string_view wire, std::size_t most) {
  for (std::size_t at = 0; at < wire.size() && !client.is_over(); at += most) {
    client.sends(wire.substr(at, most));
    client.loop.poll();
  }
}

void begin(SmtpdFixture& client) {
  client.begin();
  client.says("MAIL FROM:<ann@client.example>");
  client.expect("250 2.1.0 Ok");
  client.says("RCPT TO:<bob@home.example>");
  client.expect("250 2.1.5 Ok");
}

void check_content(std::string_view content, std::size_t packet, std::size_t longest_chunk) {
  std::string wire;
  std::size_t chunks = 0;
  for (std::size_t at = 0; at < content.size(); ++chunks) {
    const auto chunk = content.substr(at, 1 + (longest_chunk + chunks * 7) % 64);
    wire += concat("BDAT ", chunk.size(), "\r\n", chunk);
    at += chunk.size();
  }
  wire += "BDAT 0 LAST\r\nNOOP\r\n";
  SmtpdFixture client(kSettings);
  begin(client);
  send_in_pieces(client, wire, packet);
  for (std::size_t i = 0; i < chunks; ++i) client.expect("250 2.0.0 Ok: * bytes");
  client.expect("250 2.0.0 Ok: * bytes queued as *");
  client.expect("250 2.0.0 Ok");
  client.expect_silence();
  require(client.queue.submitted.size() == 1 && client.queue.submitted[0].content == canonical(content));
}

void check_anything(std::string_view said, std::size_t packet) {
  SmtpdFixture client(kSettings);
  begin(client);
  send_in_pieces(client, said, packet);
  const std::string replies = client.hears();
  require(fuzz::read_replies(replies).has_value());
  client.hangs_up();
  require(client.is_over() && client.queue.dropped == client.queue.opened);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > kLongest) return 0;
  use_doctest_here();
  const std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t packet = data[0] % 128 + 1u;
  if ((data[1] & 0x80u) != 0) {
    check_anything(rest, packet);
  } else {
    check_content(rest, packet, data[1]);
  }
  return 0;
}
