#include "smtpd/handshake_rate.h"

#include <limits>

namespace postern::smtpd {

int HandshakeRate::of(std::string_view client, Instant now) const {
  const auto found = counts_.find(std::string(client));
  return found == counts_.end() || is_over(found->second, now) ? 0 : found->second.handshakes;
}

int HandshakeRate::add(const std::string& client, Instant now) {
  if (counts_.size() >= kMostClients) make_room(now);
  Count& count = counts_[client];
  if (count.handshakes == 0 || is_over(count, now)) count = Count{now, 0};
  if (count.handshakes < std::numeric_limits<int>::max()) ++count.handshakes;
  return count.handshakes;
}

void HandshakeRate::make_room(Instant now) {
  std::erase_if(counts_, [&](const auto& one) { return is_over(one.second, now); });
  if (counts_.size() >= kMostClients) counts_.clear();
}

}  // namespace postern::smtpd
