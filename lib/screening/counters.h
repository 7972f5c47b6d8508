// What screening counts, each number named once: for the scoreboard, the statistics of past hours, and `postern screen`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/inet_address.h"
#include "lib/screening/tests.h"

namespace postern::screening {

// A name that is there once stays, and so does its meaning: files of years keep them.
enum class Count : std::uint8_t {
  connections,
  // Ends of a visit, one for each connection at most.
  allowlisted,
  pass_old,
  pass_new,
  too_many_connections,
  servers_busy,
  screening_busy,
  proxy_failed,
  hangups_before,
  hangups_after,
  // What else was found out about it.
  denylisted,
  allowlist_veto,
  // Tests, five groups in the order of Test: passed, ignored, enforced, dropped (an Outcome).
  pregreet_passed,
  pregreet_ignored,
  pregreet_enforced,
  pregreet_dropped,
  dnsbl_passed,
  dnsbl_ignored,
  dnsbl_enforced,
  dnsbl_dropped,
  pipelining_passed,
  pipelining_ignored,
  pipelining_enforced,
  pipelining_dropped,
  non_smtp_command_passed,
  non_smtp_command_ignored,
  non_smtp_command_enforced,
  non_smtp_command_dropped,
  bare_newline_passed,
  bare_newline_ignored,
  bare_newline_enforced,
  bare_newline_dropped,
  // Limits of the dialogue.
  command_time_limit,
  command_count_limit,
  command_length_limit,
  data_without_recipient,
  recipients_refused,
  // What it led to.
  handed_over,
  handed_over_in_session,
  hand_over_failed,
  told_to_come_back,
  watched_by_server,
  tarpitted,
  tarpit_seconds,
  // What it costs.
  decisions,
  decision_milliseconds,
  cpu_microseconds,
  cache_found,
  cache_not_found,
  dns_questions,
  dns_timeouts,
  stress_entered,
};
inline constexpr std::size_t kCounts = static_cast<std::size_t>(Count::stress_entered) + 1;

struct CountName {
  std::string_view name;     // as in the statistics and on the scoreboard
  std::string_view meaning;  // a line for the documentation
};
const CountName& name_of(Count count);

// In front of the name of a DNS list: the number of clients that it knew.
inline constexpr std::string_view kListPrefix = "list:";
// On the scoreboard, in front of the name of a network: how often it offended. Of the worst ones only.
inline constexpr std::string_view kNetworkPrefix = "network:";
inline constexpr std::size_t kShownNetworks = 5;

// How a test went for one client.
enum class Outcome : std::uint8_t { passed, ignored, enforced, dropped };
// The number of clients with that outcome.
constexpr Count count_of(Test test, Outcome outcome) {
  return static_cast<Count>(static_cast<std::size_t>(Count::pregreet_passed) +
                            4 * static_cast<std::size_t>(test) + static_cast<std::size_t>(outcome));
}
// A failure is counted by what was done about it.
constexpr Count count_of(Test test, Action action) {
  return count_of(test, static_cast<Outcome>(1 + static_cast<std::size_t>(action)));
}
static_assert(count_of(Test::bare_newline, Outcome::dropped) == Count::bare_newline_dropped);
static_assert(count_of(Test::dnsbl, Action::enforce) == Count::dnsbl_enforced);

// The network that a client is counted under, "192.0.2.0/24" or "2001:db8:7::/48".
std::string network_of(const InetAddress& address);

}  // namespace postern::screening
