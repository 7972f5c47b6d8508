// How many TLS handshakes each client has done of late: each costs us a signature, and the client next to nothing. A session
// that is resumed costs little and is not counted. Each process counts for itself.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "lib/base/time.h"

namespace postern::smtpd {

class HandshakeRate {
 public:
  // `unit`: a client's count begins anew when this time is over (anvil_rate_time_unit).
  explicit HandshakeRate(Duration unit) : unit_(unit) {}

  // The client's handshakes in the time unit under way.
  int of(std::string_view client, Instant now) const;
  // One more; returns how many there are now.
  int add(const std::string& client, Instant now);
  std::size_t size() const { return counts_.size(); }

 private:
  // More clients than this are not told apart: what is old goes, and then all.
  static constexpr std::size_t kMostClients = 20000;

  struct Count {
    Instant since{};
    int handshakes = 0;
  };
  bool is_over(const Count& count, Instant now) const { return now - count.since >= unit_; }
  void make_room(Instant now);

  Duration unit_;
  std::unordered_map<std::string, Count> counts_;
};

}  // namespace postern::smtpd
