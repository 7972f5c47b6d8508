// The skeleton of every child of master. A program says who it is and what it may do, and gives a Service;
// run() does the rest: arguments, settings, log, jail, accepting, limits, the status channel, leaving.
//
//   int main(int argc, char** argv) {
//     return postern::daemon::run(argc, argv, {.name = "smtpd", .rights = {.connect_unix = true}},
//                                 [] { return std::make_unique<Smtpd>(); });
//   }
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/config/settings.h"
#include "lib/daemon/context.h"
#include "lib/daemon/in_hand.h"
#include "lib/net/socket.h"
#include "lib/net/task.h"

namespace postern::ipc {
struct HandedOver;
}

namespace postern::daemon {

// Why a child leaves, and how long it may take. A later one may be more urgent than an earlier one.
enum class Leave {
  idle,      // nothing was asked of it for max_idle, or max_use is reached
  reload,    // sessions in hand go on to their end
  orphaned,  // master is gone: kOrphanLimit
  stop,      // SIGTERM: kStopLimit
};

// How a client takes it when others like it are fetched a few milliseconds later, together.
enum class Pace : std::uint8_t { prompt, patient };

class Service {
 public:
  virtual ~Service() = default;

  // Before the jail, with the rights that master gave; the current directory is the queue directory. Opens
  // what must be open. The context outlives the service. A failure ends the process; its text is logged.
  virtual Result<void> prepare(Context& context) = 0;
  // In the jail and as the user that we have become: opens the files that are ours, which prepare() would make
  // root's. A failure ends the process; its text is logged.
  virtual Result<void> enter() { return {}; }
  // Then, before the first connection: threads start here.
  virtual void started() {}
  // One coroutine for each accepted connection; it ends when the connection is over.
  virtual net::Task<void> serve(net::Accepted connection) = 0;
  // The same, cheaper, where Program::takes_connections; `listener` is where it came to. finish() leaves no token.
  // Returns how the next clients would take it to be fetched a little later.
  virtual Pace take(net::Accepted, int listener, InHand) {
    static_cast<void>(listener);
    return Pace::prompt;
  }
  // Of type pass: a session that screen has begun, with its state (contract.h, kBegunSession). The peer is the client as
  // the state names it; `channel` is where to report. Without an own version it is refused, which the log says.
  virtual net::Task<void> resume(net::Accepted connection, std::unique_ptr<ipc::HandedOver> state,
                                 Fd channel);
  // The process has process_session_limit sessions, another client waits, and no other process took it: true when one of
  // these sessions will end at once to make room. `gives_way()`: whether this may ever be true.
  virtual bool make_room() { return false; }
  virtual bool gives_way() const { return false; }
  // The wakeup time of master.cf has come.
  virtual void wakeup() {}
  // The service is, or no longer is, under stress: `settings` have the new value of stress.
  virtual void stress_changed(const config::Settings& settings) { static_cast<void>(settings); }
  // False keeps the process from leaving for idleness although it has no connection.
  virtual bool is_idle() const { return true; }
  // No connection comes any more; sessions should end at their next good moment. Called again when it becomes
  // more urgent.
  virtual void leave(Leave) {}
  // After the last session has ended: what must still be done, within the same time.
  virtual net::Task<void> finish() { co_return; }
};

using MakeService = std::function<std::unique_ptr<Service>()>;

// The main function of a service program: returns its exit status.
int run(int argc, char** argv, const Program& program, const MakeService& make);

}  // namespace postern::daemon
