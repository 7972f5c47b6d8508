// Master at work: owns the listening sockets and the children, and keeps the number of processes of each
// service where the decisions of plan.h want it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "lib/daemon/scoreboard.h"
#include "lib/daemon/ticket_keys.h"
#include "lib/net/loop.h"
#include "lib/net/scope.h"
#include "master/child.h"
#include "master/configuration.h"
#include "master/entry.h"
#include "master/handover.h"
#include "master/listener.h"
#include "master/plan.h"
#include "master/spawn.h"
#include "master/strays.h"

namespace postern::master {

// A change to another configuration for which everything is ready. Dropped, it leaves nothing behind.
struct Prepared {
  std::unique_ptr<Configuration> configuration;
  std::vector<Step> steps;
  std::vector<NewListeners> opened;  // one for each step
};

class Supervisor final : private Starter {
 public:
  // `configuration_directory` is what children get as MAIL_CONFIG; `log` is where they write.
  Supervisor(net::Loop& loop, std::string configuration_directory, daemon::Scoreboard scoreboard);

  // Opens all sockets and starts what must always run. Fails when a socket cannot be opened; then nothing has
  // been started.
  Result<void> start(std::unique_ptr<Configuration> configuration, Fd log, bool log_is_syslog);

  // In place of start(): goes on with the services and processes of the master before us, under the configuration
  // that it ran, until change_to() renews them all.
  void take_over(std::unique_ptr<Configuration> configuration, Handover handed, Fd log);
  // What a successor must know of all this. Fails with shutting_down after stop().
  Result<void> hand_over(Handover& to) const;

  // Opens what another configuration needs: either all of it, or a failure and nothing has changed. Fails with
  // shutting_down after stop(), or as open_listener(), with file and line.
  Result<Prepared> prepare(std::unique_ptr<Configuration> configuration, Renew renew) const;
  // Changes to it: now every service listens.
  void change_to(Prepared next);
  // Until no process that was asked to leave takes another connection, or the limit.
  net::Task<void> settle(Deadline limit);
  // Where children that start from now on write.
  void set_log(Fd log, bool is_syslog);

  // At the start: how long an address that is in use is tried again.
  void be_patient(Duration time) { bind_patience_ = time; }

  // Tells children to end, those that face the network first, then kills; the loop stops when all are gone.
  void stop();
  // Kills children, and theirs, at once, also after stop(); the loop stops when all are gone.
  void abort();

  // For SIGCHLD: learns who has ended. Orphans that became ours just go.
  void reap();

  const Configuration& configuration() const { return *configuration_; }
  daemon::Scoreboard& scoreboard() override { return scoreboard_; }
  bool is_stopping() const override { return stopping_; }
  std::size_t processes() const { return children().size(); }
  // How many configurations have been in force.
  std::uint32_t generation() const { return generation_; }

 private:
  using Entries = std::vector<std::unique_ptr<Entry>>;

  enum class Children { all, that_face_the_network };

  // For the entries. Starting a process: starting.cpp.
  Result<std::unique_ptr<Child>> start_child(const Entry& entry) override;
  void child_changed() override;
  Duration throttle_time() const override { return *configuration_->params.service_throttle_time; }
  std::string path_of(const Service& service) const override;
  Result<void> make_tickets(Fd from_before);
  Result<std::unique_ptr<Child>> start_in_slot(const Entry& entry, unsigned slot);
  void give_tickets(Start& start, const Entry& entry) const;
  Start start_of(const Entry& entry, unsigned slot) const;

  // Opening what a configuration needs: opening.cpp. The sockets of services that end with these steps:
  std::vector<const Listener*> removed_by(const std::vector<Step>& steps) const;
  Result<NewListeners> open_all(const Configuration& configuration, const Service& service,
                                const std::vector<const Listener*>& removed) const;
  Result<void> open_one(NewListeners& listeners, const Address& address, int backlog,
                        const std::vector<const Listener*>& removed) const;
  Result<Listener> open_patiently(const Address& address, int backlog) const;
  Result<Listener> share_listener(const std::string& key) const;
  Place place_of(const Address& address) const;

  // Changing over, and the time between two changes.
  void apply(Prepared& next);
  void show_not_started();
  void retire_removed();
  void forget_retired();
  net::Task<void> look_after_all();
  void ended(pid_t pid, int status);
  std::vector<Child*> children(Children which = Children::all) const;
  std::vector<pid_t> known() const;
  bool is_settled() const;

  // The end: ending.cpp.
  net::Task<void> stop_in_order();
  net::Task<void> end_with_the_last();
  void end_strays(Whose whose);

  net::Loop& loop_;
  std::string directory_;
  daemon::Scoreboard scoreboard_;
  Fd log_;  // where children write
  bool log_is_syslog_ = false;
  std::unique_ptr<Configuration> configuration_;  // in force
  std::uint32_t generation_ = 0;
  Patience patience_;
  std::optional<daemon::TicketRing> tickets_;
  Fd tickets_to_read_;  // what services with TLS get
  seconds ticket_lifetime_{0};
  Duration bind_patience_{0};
  Entries entries_;
  Entries retired_;                            // services that are no more, until their last process has left
  std::vector<std::uint32_t> rows_of_others_;  // on the scoreboard: services that are not started
  Strays strays_;
  bool stopping_ = false;
  net::Event child_ended_;
  net::Event child_changed_;
  net::Scope tasks_;
};

}  // namespace postern::master
