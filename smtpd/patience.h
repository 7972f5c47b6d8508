// How long a session may keep its server waiting. Only waiting for the client counts, never what the server does itself:
// it is added up for the request under way, for the session, and until the first command; content pays some of it back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/base/time.h"

namespace postern::smtpd {

class Patience {
 public:
  // What was longest waited for, and so ended the session.
  enum class Cause : std::uint8_t { request, session, first_command };

  // The limits in force. Duration::max(): none.
  struct Limits {
    Duration request{}, session{}, first_command{};
    std::int64_t data_rate = 500;  // bytes of content that pay a second back
    int percent = 100;             // of each of these times; less under load
  };

  // The next request begins: reading it, and sending the reply to it.
  void begin_request() { request_ = Duration::zero(); }
  // The first whole command has come: the limit for that is met.
  void command_came() { commanded_ = true; }

  // A wait begins now; returns when it must end at the latest.
  Deadline begin_wait(Instant now, const Limits& limits);
  // When the wait under way must end at the latest, by limits that have become tighter meanwhile.
  Deadline limit_wait(const Limits& limits);
  // It is over. `content`: bytes of a message that came. They count even without a wait.
  void end_wait(Instant now, std::size_t content, const Limits& limits);
  // A message was delivered: what came before it says no more how the session gets on.
  void delivered();

  // Of the last begin_wait() or limit_wait().
  Cause cause() const { return cause_; }
  // What the request under way has cost so far, with a wait that began and lasts.
  Duration used(Instant now) const { return request_ + (waits_ ? now - began_ : Duration::zero()); }
  bool waits() const { return waits_; }
  // How long it was waited for in all since the last delivery, whatever was paid back.
  Duration held(Instant now) const { return held_ + (waits_ ? now - began_ : Duration::zero()); }
  // Bytes of content a second in that time. Whoever has just begun is fast.
  double pace(Instant now, std::int64_t data_rate) const;

 private:
  Duration request_{}, session_{}, held_{};
  std::uint64_t content_ = 0;  // bytes since the last delivery
  Instant began_{};            // of the last wait
  Cause cause_ = Cause::request;
  bool waits_ = false;
  bool commanded_ = false;
};

}  // namespace postern::smtpd
