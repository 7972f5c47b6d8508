// The numbers of screening as the program counts them: each on the scoreboard, for who looks now, and in a tally, which the
// cache writes into the statistics of the hour.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "lib/daemon/service.h"
#include "lib/daemon/tls_counters.h"
#include "lib/screening/tally.h"

namespace postern::screen {

class Counters {
 public:
  explicit Counters(daemon::Context& context);

  void add(screening::Count count, std::uint64_t n = 1) {
    shown_[static_cast<std::size_t>(count)].add(n);
    tally_.add(count, static_cast<std::int64_t>(n));
  }
  // Of screen's own TLS; the statistics of the hour do not have it.
  daemon::TlsCounters& tls() { return tls_; }
  // A DNS list, by the name that clients may see, knew a client.
  void listed(std::string_view list);
  // A client with this address has connected; it failed a test or broke a limit, once for each connection.
  void came(const InetAddress& address) { tally_.visited(screening::network_of(address), {1, 0}); }
  void offended(const InetAddress& address) { tally_.visited(screening::network_of(address), {0, 1}); }

  // What was counted since the last call, with the CPU time that this process has used since then. Shows the worst networks
  // anew.
  screening::Tally take();

 private:
  void show_worst();

  daemon::Context& context_;
  std::array<daemon::Counter, screening::kCounts> shown_;
  std::map<std::string, daemon::Counter, std::less<>> lists_;
  // The networks that offended most since we began.
  std::array<daemon::Label, screening::kShownNetworks> worst_;
  daemon::TlsCounters tls_;
  screening::Tally networks_;
  screening::Tally tally_;
  std::int64_t cpu_ = 0;  // microseconds that are counted already
};

}  // namespace postern::screen
