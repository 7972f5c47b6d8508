// What master says on the scoreboard about one service: a row of name=value lines. Each pair is declared once, in
// service_report.cpp; `postern status` and postconf show the same names, and times as what has gone by or is left.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::daemon {

// How a service stands.
//   listening      clients are served, or get a process when they come
//   throttled      its program failed: no new process before throttled_until
//   leaving        removed from master.cf; its last processes finish what they have in hand
//   folded         its job is part of another program: nothing is started (`why` says where it went)
//   not_installed  its program is not there: nothing is started
enum class ServiceState { listening, throttled, leaving, folded, not_installed };

std::string_view name_of(ServiceState state);

// Times are wall time in microseconds; 0: never.
struct ServiceReport {
  std::string name, type, program;
  std::string addresses;  // what it listens on, separated by blanks: "127.0.0.1:25 [::1]:25", "public/qmgr"
  std::string state;      // name_of(ServiceState)
  std::string why;        // of folded and not_installed
  std::string last_failure;  // with last words; before there is one, why the program cannot run
  std::int64_t last_failure_at = 0;
  std::int64_t line = 0;  // in master.cf
  std::int64_t is_private = 0, unprivileged = 0, chroot = 0;
  std::int64_t wakeup = 0;  // seconds
  std::int64_t wakeup_if_used = 0;
  std::int64_t process_limit = 0;  // 0: none
  std::int64_t started = 0;        // processes, since master started
  std::int64_t failures = 0;       // not started, failed, killed, or let clients wait
  std::int64_t throttled_until = 0;
  std::int64_t stressed_until = 0;
  std::int64_t sessions_before = 0;  // served by processes that have ended
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

// All of it, in the order in which it is shown.
Pairs pairs_of(const ServiceReport& report);
// Whether the pair of this name is a text. The others are numbers, among them points in time: those whose name ends in
// "_at" (gone by) or "_until" (to come).
bool is_text(std::string_view name);

// As lines for the scoreboard; texts are made printable and cut so that all lines fit into `most` bytes.
std::string format_report(const ServiceReport& report, std::size_t most);
// The reverse. Lines of unknown names, as a newer master may write them, are passed over.
ServiceReport parse_report(std::string_view lines);

}  // namespace postern::daemon
