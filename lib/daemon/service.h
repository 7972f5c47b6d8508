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
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/config/settings.h"
#include "lib/daemon/arguments.h"
#include "lib/daemon/in_hand.h"
#include "lib/daemon/jail.h"
#include "lib/daemon/rights.h"
#include "lib/daemon/scoreboard.h"
#include "lib/net/loop.h"
#include "lib/net/socket.h"
#include "lib/net/task.h"

namespace postern::ipc {
struct HandedOver;
}

namespace postern::daemon {

struct Program {
  std::string_view name;
  Rights rights{};
  // What its log lines call it, where tools look for another name; empty: its name.
  std::string_view log_name{};
  // True for a program whose clients are other services: each keeps one connection for all of its work, so
  // process_session_limit does not count here. Otherwise master starts another child when there are as many
  // sessions.
  bool serves_services = false;
  // True for a program that starts a process for each session: the process limit of master.cf is then a limit of
  // these, as in Postfix. One session a process; where the entry sets no limit, process_session_limit.
  bool session_is_process = false;
  // True for a service that master.cf wakes: Service::wakeup() is called instead of serve() for a connection
  // on which the byte kWakeup comes first.
  bool wakeups = false;
  // Service::take() is called instead of serve(): process_session_limit and max_use do not count.
  bool takes_connections = false;
};

// What a service is given. It lives as long as the process.
class Context {
 public:
  Context(net::Loop& loop, Program program, Arguments arguments, config::Settings settings)
      : loop_(loop), program_(program), arguments_(std::move(arguments)), settings_(std::move(settings)) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  net::Loop& loop() { return loop_; }
  const config::Settings& settings() const { return settings_; }
  const Arguments& arguments() const { return arguments_; }
  std::string_view program() const { return program_.name; }
  const std::string& service_name() const { return arguments_.service; }
  const std::string& queue_directory() const { return queue_directory_; }
  // A number below kSlots that no other living process of this instance has.
  unsigned slot() const { return slot_; }
  std::uint32_t generation() const { return generation_; }
  // ipc_timeout: for one request to another program, from now.
  Deadline ipc_deadline() const { return loop_.in(ipc_timeout_); }

  // While leaving: a successor may come before this process has ended, also where master.cf allows only one.
  void relieve() const {
    if (relieve_) relieve_();
  }

  // Numbers on the scoreboard.
  Counter counter(std::string_view name) { return page_.counter(name); }
  Counter gauge(std::string_view name) { return page_.gauge(name); }
  Label label() { return page_.label(); }
  OwnPage& page() { return page_; }

  // In prepare() only: paths that depend on the settings may be added.
  Rights& rights() { return program_.rights; }
  // In prepare() only: takes the listening sockets away from the skeleton, for a service that reads datagrams.
  std::vector<Fd> take_listeners() { return std::move(listeners_); }

  // A path below the queue directory ("private/cleanup") as it is named at this moment: the current directory
  // is the queue directory from before prepare() until the end, in the jail or not.
  std::string queue_path(std::string_view name) const { return std::string(name); }
  // From started() on: what the jail is made of.
  const Confinement& confinement() const { return confinement_; }

 private:
  friend class Skeleton;
  friend class Server;
  net::Loop& loop_;
  Program program_;
  Arguments arguments_;
  config::Settings settings_;
  std::string queue_directory_;
  unsigned slot_ = 0;
  std::uint32_t generation_ = 0;
  int parent_ = 0;  // master's process id
  Duration ipc_timeout_ = std::chrono::hours(1);
  OwnPage page_;
  std::vector<Fd> listeners_;
  std::function<void()> relieve_;
  Confinement confinement_;
};

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
