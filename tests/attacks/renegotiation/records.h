// The record layer of TLS 1.2: pieces with a type, in the clear until there are keys for a direction.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tests/attacks/renegotiation/crypto.h"
#include "tests/attacks/renegotiation/socket.h"

namespace attack {

enum Type : std::uint8_t { kChangeCipher = 20, kAlert = 21, kHandshake = 22, kData = 23 };

struct Record {
  std::uint8_t type = 0;
  std::string version = "\x03\x03";
  std::string body;
};

class Records {
 public:
  explicit Records(Socket& socket) : socket_(socket) {}
  // As they are on the wire.
  Record read_raw();
  void write_raw(const Record& record);
  // Opened with the keys of this direction, or closed with them, if there are any.
  Record read();
  void write(std::uint8_t type, std::string_view text);
  Socket& socket() { return socket_; }

  std::optional<Seal> reads, writes;

 private:
  Socket& socket_;
};

// "fatal alert: no renegotiation"
std::string alert_text(const Record& alert);

// What stands in records of data. What to do about a handshake that begins in an established session is up to the owner.
class TlsChannel : public Channel {
 public:
  explicit TlsChannel(Records& records) : records_(records) {}
  void write(std::string_view data) override;
  std::string some() override;
  std::function<void(std::string first)> renegotiate;

 private:
  Records& records_;
};

}  // namespace attack
