// One connection to the server under test, and what was heard on it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bench/botnet/options.h"
#include "lib/net/stream.h"

namespace postern::botnet {

// How a connection ended, and the replies that say what became of it.
struct Visit {
  bool connected = false;
  bool greeted = false;   // with a whole greeting
  bool accepted = false;  // came as far as sending a message
  bool closed = false;    // by the server
  bool hung = false;      // no reply, for all our patience
  int refusal = 0;        // the most telling of the refusals: 521, other 5xx, 421, other 4xx
  Duration greeting_after{};

  // "accepted", "521", "550", "421", "450", …, "closed", "hung", "left", "no connection".
  std::string outcome() const;
};

class Call {
 public:
  static constexpr int kLost = 0;

  Call(net::Loop& loop, const Options& options) : loop_(loop), options_(options) {}

  // False when there is no connection.
  net::Task<bool> open(std::string source);
  // Goes out before the next wait.
  void put(std::string_view text) { stream_->put(text); }
  net::Task<void> flush();
  // The code of the next reply, all its lines; kLost when there is none.
  net::Task<int> reply();
  // The same, for the greeting.
  net::Task<int> greeting();
  // put() and reply().
  net::Task<int> say(std::string_view command);
  // Whatever the server says, until it closes the connection, says goodbye, or says nothing for our patience.
  net::Task<void> listen();
  // The first line of a greeting; false when there is none.
  net::Task<bool> first_line();
  // True when something can be read within the time, be it the end.
  net::Task<bool> anything(Duration time);

  // All lines of the last reply.
  const std::string& text() const { return text_; }
  Visit visit;

 private:
  void heard(int code);
  void gone(const Error& error);
  net::Loop& loop_;
  const Options& options_;
  std::optional<net::Stream> stream_;
  std::string text_;
  Instant opened_{};
};

}  // namespace postern::botnet
