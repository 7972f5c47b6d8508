// One connection that keeps the server waiting.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bench/trickle/phases.h"
#include "bench/trickle/tls.h"
#include "lib/base/fd.h"
#include "lib/base/time.h"

namespace postern::trickle {

class Trickler {
 public:
  enum class State : std::uint8_t { closed, connecting, talking, shaking_hands, trickling };
  // How it ended: the server said 421, said nothing, refused it before it could trickle, or could not be reached.
  enum class End : std::uint8_t { told, closed, refused, unreached };

  explicit Trickler(const Phase& phase) : phase_(&phase) {}

  // Calls 127.0.0.1 from an address below 127.0.0.0/8. False when there is no descriptor or no port left.
  bool open(const std::string& source, unsigned port);
  // The descriptor can be read, written or is at its end: does what is next.
  void ready(std::uint32_t events, Instant now);
  // It is time for the next octet.
  void tick();

  const Phase& phase() const { return *phase_; }
  State state() const { return state_; }
  int fd() const { return fd_.get(); }
  // What epoll should watch it for.
  std::uint32_t interest() const;
  // How it ended, once: then it is closed.
  std::optional<End> ended();
  // Since when it trickles.
  Instant begun() const { return begun_; }

 private:
  void finish(End end);
  void hear();
  void heard_line(std::string_view line);
  void heard_reply(int code);
  void shake_hands();
  void trickle();
  void say(std::string_view text);
  void push();
  long read(char* to, std::size_t size);
  bool is_lost(long size) const;

  const Phase* phase_;
  Fd fd_;
  Ssl ssl_{nullptr, SSL_free};
  State state_ = State::closed;
  std::optional<End> end_;
  std::size_t said_ = 0;  // commands
  std::size_t dripped_ = 0;
  std::size_t pushed_ = 0;  // of what goes out at once
  std::string line_;        // the beginning of one
  bool told_ = false;       // that it has to go
  Instant begun_{}, now_{};
};

}  // namespace postern::trickle
