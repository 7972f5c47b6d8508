// What a program says of itself, and what its service is given: the settings, the loop, its page of the scoreboard.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/config/settings.h"
#include "lib/daemon/arguments.h"
#include "lib/daemon/jail.h"
#include "lib/daemon/own_page.h"
#include "lib/daemon/rights.h"
#include "lib/daemon/ticket_keys.h"
#include "lib/net/loop.h"

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

  // The keys of session tickets that all processes with TLS share; null without a master that gives them.
  net::TlsTicketKeys* ticket_keys() const { return tickets_.get(); }

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
  std::unique_ptr<SharedTicketKeys> tickets_;
  std::vector<Fd> listeners_;
  std::function<void()> relieve_;
  Confinement confinement_;
};

}  // namespace postern::daemon
