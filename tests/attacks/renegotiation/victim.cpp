// The victim: a client that means well, checks the server's certificate, and is older than RFC 5746.
#include <vector>

#include "tests/attacks/renegotiation/handshake.h"
#include "tests/attacks/renegotiation/story.h"

namespace attack {

namespace {

// "\0ann\0open sesame", as AUTH PLAIN has it.
constexpr std::string_view kPassword = "AGFubgBvcGVuIHNlc2FtZQ==";

constexpr std::string_view kLetter =
    "From: <ann@victim.example>\r\nTo: <bob@sandbox.test>\r\nSubject: in confidence\r\n\r\n"
    "The key is under the mat.\r\n";

std::vector<std::string> speech() {
  return {"EHLO " + std::string(kVictimName),
          "AUTH PLAIN " + std::string(kPassword),
          "MAIL FROM:<ann@victim.example>",
          "RCPT TO:<bob@sandbox.test>",
          "DATA",
          std::string(kLetter) + ".",
          "QUIT"};
}

void expect(const std::string& reply, std::string_view first) {
  tell(kVictim, "hears " + reply.substr(0, reply.find('\n')));
  if (reply.empty() || first.find(reply[0]) == std::string_view::npos) throw Gone("refused: " + reply);
}

void begin_tls(Socket& socket) {
  expect(socket.reply(), "2");
  expect(socket.ask("EHLO " + std::string(kVictimName)), "2");
  expect(socket.ask("STARTTLS"), "2");
}

// Everything at once, as machines do that send and do not listen: each line has its answer, whenever it comes.
void say_all(Channel& channel) {
  std::string all;
  for (const auto& line : speech()) all += line + "\r\n";
  channel.write(all);
  tell(kVictim, "has said everything");
  for (std::size_t i = 0; i < speech().size(); ++i) expect(channel.reply(), "23");
}

// One by one. Without AUTH in the answer to EHLO there is no AUTH.
void say_in_turn(Channel& channel) {
  bool can_log_in = false;
  for (const auto& line : speech()) {
    if (line.substr(0, 4) == "AUTH" && !can_log_in) continue;
    const std::string reply = channel.ask(line);
    if (line.substr(0, 4) == "EHLO") can_log_in = reply.find("AUTH") != std::string::npos;
    expect(reply, "23");
  }
}

}  // namespace

void be_victim(const Options& options) {
  Socket socket = Socket::connect(options.host, options.port, options.patience);
  if (!options.wrapped) begin_tls(socket);
  Records records(socket);
  shake_hands(records, {options.signals, options.ca_file});
  tell(kVictim, "has TLS with the server, and trusts it");
  TlsChannel channel(records);
  if (options.eager) {
    say_all(channel);
  } else {
    if (options.wrapped) expect(channel.reply(), "2");
    say_in_turn(channel);
  }
}

}  // namespace attack
