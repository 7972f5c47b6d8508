// screen hands a session over to a server, at its beginning or in the middle. The message is the state; the session's
// socket comes with it. The server says on the same connection that it has begun, then what the remaining tests found,
// and closes it when there is no more to say. daemon/contract.h tells how the message is sent.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/fd.h"
#include "lib/ipc/codec.h"

namespace postern::ipc {

// What the client has heard so far.
enum class Heard {
  nothing,   // the whole greeting is still to come
  teaser,    // "220-" lines: the last line of the greeting, "220 ", is still to come
  greeting,  // all of it; commands may have been answered
};
constexpr Heard last_value(Heard) { return Heard::greeting; }

struct HandedOver {
  // "192.0.2.1", "2001:db8::1": behind a proxy not the address of the socket's peer. Empty: the socket's peer.
  std::string client_address;
  int client_port = 0;
  std::string server_address;
  int server_port = 0;
  Heard heard = Heard::nothing;
  // The command lines that were answered so far, without their line ends, in order: who repeats them for itself, without
  // answering, is where the client believes to be.
  std::vector<std::string> said;
  bool pipelining = true;     // was offered to the client, or may be
  std::int64_t tests = 0;     // screening::TestSet that the server watches from here on
  std::int64_t enforced = 0;  // of these: those whose failure refuses the client
  std::int64_t dropped = 0;   // of these: those whose failure ends the session
  std::string unread;         // received and not answered: the next command first
  Fd session;

  // What a server takes at most: the frame in all; lines of `said`.
  static constexpr std::size_t kLargest = 256 * 1024;
  static constexpr std::size_t kMostSaid = 1000;

  static constexpr std::string_view name = "handed_over";
  static constexpr auto fields = std::tuple{Field{"client_address", &HandedOver::client_address},
                                            Field{"client_port", &HandedOver::client_port},
                                            Field{"server_address", &HandedOver::server_address},
                                            Field{"server_port", &HandedOver::server_port},
                                            Field{"heard", &HandedOver::heard},
                                            Field{"said", &HandedOver::said},
                                            Field{"pipelining", &HandedOver::pipelining},
                                            Field{"tests", &HandedOver::tests},
                                            Field{"enforced", &HandedOver::enforced},
                                            Field{"dropped", &HandedOver::dropped}};
  static constexpr auto body = &HandedOver::unread;
  static constexpr auto descriptor = &HandedOver::session;
};

// The server tells screen, first of all: the session is its own now. Until then nothing was said to the client, and screen
// may ask another server.
struct Begun {
  static constexpr std::string_view name = "begun";
  static constexpr auto fields = std::tuple<>{};
};

// The server tells screen: the client failed a test that was to be watched. Said at once, for each test at most once.
struct Offence {
  std::int64_t test = 0;  // screening::Test
  std::string after;      // the command before it, as the log names it: "RCPT"
  std::string text;       // what the client sent, as it came; at most kLongestText bytes of it
  static constexpr std::size_t kLongestText = 512;
  static constexpr std::string_view name = "offence";
  static constexpr auto fields = std::tuple{Field{"test", &Offence::test}, Field{"after", &Offence::after},
                                            Field{"text", &Offence::text}};
};

// The server tells screen, once: the watched tests without an offence are passed. Said when a message was accepted, or
// when the session ends without one though the client came to RCPT. Nothing is said after it.
struct Watched {
  bool accepted = false;  // a message was
  static constexpr std::string_view name = "watched";
  static constexpr auto fields = std::tuple{Field{"accepted", &Watched::accepted}};
};

}  // namespace postern::ipc
