#include "lib/screening/counters.h"

#include <array>

#include "lib/base/text.h"

namespace postern::screening {

namespace {

// In the order of Count.
constexpr std::array<CountName, kCounts> kNames{{
    {"connections", "clients that connected"},
    {"allowlisted", "let in by postscreen_access_list"},
    {"pass_old", "let in for what they had passed before, or logged as PASS OLD after a test"},
    {"pass_new", "passed all tests for the first time"},
    {"too_many_connections", "refused: postscreen_client_connection_count_limit"},
    {"servers_busy", "refused: postscreen_post_queue_limit"},
    {"screening_busy", "refused: postscreen_pre_queue_limit"},
    {"proxy_failed", "without a good header of the proxy"},
    {"hangups_before", "hung up before the greeting"},
    {"hangups_after", "hung up after the greeting"},
    {"denylisted", "refused by postscreen_access_list"},
    {"allowlist_veto", "came to an address outside postscreen_allowlist_interfaces"},
    {"pregreet_passed", "waited for the greeting"},
    {"pregreet_ignored", "spoke before the greeting, and nothing was done"},
    {"pregreet_enforced", "spoke before the greeting, and were refused at RCPT"},
    {"pregreet_dropped", "spoke before the greeting, and were dropped"},
    {"dnsbl_passed", "below the threshold of DNS lists"},
    {"dnsbl_ignored", "known to DNS lists, and nothing was done"},
    {"dnsbl_enforced", "known to DNS lists, and were refused at RCPT"},
    {"dnsbl_dropped", "known to DNS lists, and were dropped"},
    {"pipelining_passed", "waited for each reply"},
    {"pipelining_ignored", "did not wait for a reply, and nothing was done"},
    {"pipelining_enforced", "did not wait for a reply, and were refused at RCPT"},
    {"pipelining_dropped", "did not wait for a reply, and were dropped"},
    {"non_smtp_command_passed", "spoke SMTP"},
    {"non_smtp_command_ignored", "sent other commands, and nothing was done"},
    {"non_smtp_command_enforced", "sent other commands, and were refused at RCPT"},
    {"non_smtp_command_dropped", "sent other commands, and were dropped"},
    {"bare_newline_passed", "ended lines with CR and LF"},
    {"bare_newline_ignored", "ended a line without CR, and nothing was done"},
    {"bare_newline_enforced", "ended a line without CR, and were refused at RCPT"},
    {"bare_newline_dropped", "ended a line without CR, and were dropped"},
    {"command_time_limit", "too slow: postscreen_command_time_limit"},
    {"command_count_limit", "too many commands: postscreen_command_count_limit"},
    {"command_length_limit", "a line too long: line_length_limit"},
    {"data_without_recipient", "DATA or BDAT although no recipient was taken"},
    {"recipients_refused", "RCPT commands that were refused"},
    {"handed_over", "sessions given to a server before they had begun to speak"},
    {"handed_over_in_session", "sessions given to a server that had begun to speak"},
    {"hand_over_failed", "no server took the session"},
    {"told_to_come_back", "passed the tests of commands, and have to connect again"},
    {"watched_by_server", "sessions in which a server finished the tests"},
    {"tarpitted", "kept waiting for their replies"},
    {"tarpit_seconds", "how long, all together"},
    {"decisions", "clients of which it was decided where they go"},
    {"decision_milliseconds", "from the connection to the decision, all together"},
    {"cpu_microseconds", "processor time of the program"},
    {"cache_found", "clients that the cache knew"},
    {"cache_not_found", "clients that it did not know"},
    {"dns_questions", "questions to DNS lists"},
    {"dns_timeouts", "those without an answer in time"},
    {"stress_entered", "times that stress began"},
}};

constexpr bool all_named() {
  for (const CountName& name : kNames) {
    if (name.name.empty()) return false;
  }
  return true;
}
static_assert(all_named());

}  // namespace

const CountName& name_of(Count count) { return kNames[static_cast<std::size_t>(count)]; }

std::string network_of(const InetAddress& address) {
  const int bits = address.is_v4() ? 24 : 48;
  return concat(address.network(bits).text(), "/", bits);
}

}  // namespace postern::screening
