// The contract between master and every child it starts, in one place. A program keeps it by using run() of
// service.h; a program in another language keeps it by following this page (docs/service-protocol.md tells it at
// length).
//
// Descriptors: 0 and 1 are /dev/null (or what master was started with, when it stays in the foreground); 2 is a pipe
// to master, which logs what comes; 3 is where log lines go; 4 is the scoreboard, shared memory; 5 is the status
// channel; 6 and up are the listening sockets, as many as `-s` says, non-blocking (with -t fifo the FIFO, open for
// both directions, so that it never ends); behind them is the text of main.cf in force. docs/processes.md says what
// is left once a child serves.
//
// Status channel: a SOCK_SEQPACKET socket of this child alone. The child writes a Status each time its state
// changes. End of file means that master has asked it to leave (a reload) or is gone: the child takes no new
// connection, finishes what is in hand, and exits with 0. Master may write kStressed and kNotStressed: the service has
// reached its process limit, or no longer has; and kLeads and kHelps: who takes the clients first. A child may ignore
// these, as anything else that comes.
// A child that fails may write a Status with state leaving and its last words, at most kLastWords bytes,
// behind it.
//
// Signals: SIGTERM means the same as end of file, within kStopLimit; what is not done then is given up.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "lib/base/time.h"

namespace postern::daemon {

inline constexpr int kLogDescriptor = 3;
inline constexpr int kScoreboardDescriptor = 4;
inline constexpr int kStatusDescriptor = 5;
inline constexpr int kFirstListener = 6;
inline constexpr unsigned kMostListeners = 256;

inline constexpr const char* kConfigVariable = "MAIL_CONFIG";  // the directory of main.cf
// The descriptor, behind the listening sockets, of the text of main.cf as it is in force: the file may already
// hold an edit that nobody has approved by a reload. Read-only, for all children the same. Not there: read the
// file.
inline constexpr const char* kMainCfVariable = "POSTERN_MAIN_CF";
// The descriptor, behind that, of the keys of session tickets (ticket_keys.h). Only for services with TLS.
inline constexpr const char* kTicketsVariable = "POSTERN_TICKETS";
inline constexpr const char* kLogVariable = "POSTERN_LOG";    // descriptor, syslog or none
inline constexpr const char* kSlotVariable = "POSTERN_SLOT";  // 0 … kSlots - 1
inline constexpr const char* kGenerationVariable =
    "POSTERN_GENERATION";  // of the configuration that it works with
// Only for programs that are not ours: their own process id. What they start inherits it, and is known by it.
inline constexpr const char* kLeaderVariable = "POSTERN_LEADER";

// Pages of the scoreboard. A slot belongs to one living child at a time.
inline constexpr unsigned kSlots = 4096;

// Numbers on a page that master too looks at: connections served so far, and those there are now.
inline constexpr std::string_view kConnections = "connections";
inline constexpr std::string_view kSessions = "sessions";

// available: takes another connection. busy: does not; master may start another child. leaving: never will
// again. relieved: leaving, and its successor may come before it has ended, also where only one process may be.
enum class State : std::uint32_t { starting = 0, available = 1, busy = 2, leaving = 3, relieved = 4 };

struct Status {
  std::uint32_t pid = 0;
  std::uint32_t generation = 0;
  State state = State::starting;
};
inline constexpr std::size_t kLastWords = 500;
static_assert(sizeof(Status) == 12 && std::is_trivially_copyable_v<Status>);

// What master writes to tell of stress: as if the process had been started with this option.
inline constexpr std::string_view kStressed = "stress=yes";
inline constexpr std::string_view kNotStressed = "stress=";

// What master writes when a service has several processes: the oldest one leads, and the others help where it is full or
// stands still. Who has heard nothing leads.
inline constexpr std::string_view kLeads = "role=leader";
inline constexpr std::string_view kHelps = "role=helper";

// The byte that master sends to a service whose wakeup time has come: on a connection of its own, as a datagram, or
// into the FIFO. In a FIFO other bytes mean the same.
inline constexpr char kWakeup = 'W';

// A service of type pass: each connection hands over one session, a connected stream socket whose descriptor comes beside
// the first byte (SCM_RIGHTS). The byte tells what kind of session it is, and nothing comes behind what is said here:
// kPassedSession: the message is this byte; the client has said nothing yet, and has heard nothing but, perhaps, "220-"
//   lines of a greeting. The connection is closed when the descriptor was taken.
// kBegunSession: the frame of ipc::HandedOver follows, of at most HandedOver::kLargest bytes, in one message or several. The
//   service sends ipc::Begun before it says anything to the client, may then send ipc::Offence and ipc::Watched, and
//   closes the connection when it has no more to say. A service may refuse this kind: it closes the connection.
// A connection on which the message has not come in time is closed.
inline constexpr char kPassedSession = '\0';
inline constexpr char kBegunSession = 'S';
inline constexpr Duration kPassLimit = seconds(10);

// How long a child takes at most to finish what is in hand: after SIGTERM, and after master has died. Master
// kills what is left kStopLimit and a second after its SIGTERM.
inline constexpr Duration kStopLimit = seconds(5);
inline constexpr Duration kOrphanLimit = seconds(30);

constexpr std::string_view name_of(State state) {
  switch (state) {
    case State::starting: return "starting";
    case State::available: return "available";
    case State::busy: return "busy";
    case State::leaving:
    case State::relieved: return "leaving";
  }
  return "unknown";
}

}  // namespace postern::daemon
