// The life of master: from the command line to the last child.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "lib/base/fd.h"
#include "lib/base/log_destination.h"
#include "lib/base/result.h"
#include "lib/daemon/log_keeper.h"
#include "lib/net/loop.h"
#include "master/configuration.h"
#include "master/handover.h"
#include "master/instance.h"
#include "master/notify.h"
#include "master/options.h"
#include "master/orphans.h"
#include "master/supervisor.h"

namespace postern::master {

class Master {
 public:
  explicit Master(Options options) : options_(std::move(options)) {}

  // Up to the moment when every service listens. Fails with the reason; then nothing is left behind.
  Result<void> start();
  // The same in place of a master before us in this process, which has handed over (option -U).
  Result<void> take_over();
  // Until a signal ends it and the last child is gone.
  void run();
  // False as long as what is logged goes to standard error.
  bool has_log() const { return log_fd_ >= 0; }

 private:
  // A destination for the log and a descriptor of it for children; none: where it goes now, or nowhere.
  struct NewLog {
    Fd own, for_children;
    std::optional<log::SystemLog> system;  // when it goes there
  };

  Result<void> come_up();
  // From here on there is a log, and nobody else is master.
  Result<void> start_services(std::unique_ptr<Configuration> configuration, const config::Digest& texts,
                              daemon::Scoreboard scoreboard, Fd log_for_children);
  // Where it goes when maillog_file is not set.
  Result<NewLog> open_system_log() const;
  Result<NewLog> open_log(const Configuration& configuration) const;
  // From now on we write there.
  void use_log(NewLog& log, const config::CommonParams& common);
  // True when the path of the log leads to another file now: it was rotated.
  bool log_has_moved(const Configuration& configuration) const;
  void say_what_is_missing(const Configuration& configuration) const;
  void follow_signals();
  // A log daemon that was started anew, for children in their jails too.
  net::Task<void> follow_system_log();
  // Tells the service manager that we live, and how.
  net::Task<void> keep_manager_informed();
  std::string summary() const;

  void reload();
  // For a reload and an upgrade: says that one begins, and how it has ended, as far as that is known.
  void begin_load();
  void end_load(const config::Digest& texts, const Result<void>& changed);
  Result<void> change_with(const config::Texts& texts, Renew renew);
  Result<void> change_to(std::unique_ptr<Configuration> next, Renew renew);
  Result<void> change_with_log(std::unique_ptr<Configuration> next, Renew renew);
  // Reports on the load that has succeeded, if that was not done yet.
  void report_success();
  net::Task<void> report_when_settled();

  // Upgrade in place, see upgrade.cpp: if a dry run of the new program succeeds, we become it.
  void upgrade();
  net::Task<void> upgrade_when_tried();
  net::Task<Result<std::string>> try_next(config::Texts texts);
  net::Task<void> hold_signals();
  // Returns only with the reason why not.
  Failure become_next(const std::string& program);
  Result<Handover> everything() const;
  Result<NewLog> resume_log(const Handover& handed, const Configuration& configuration) const;
  Result<daemon::Scoreboard> resume_scoreboard(const Handover& handed,
                                               const config::CommonParams& common) const;
  void renew_all();

  net::Task<void> end_in_time();
  net::Task<void> end_orphans();

  Options options_;
  std::string directory_;  // of the configuration, absolute
  net::Loop loop_;
  daemon::LogKeeper log_keeper_{loop_};
  Notify notify_;
  int log_fd_ = -1;                           // owned by the log
  std::optional<log::SystemLog> system_log_;  // when we log there
  std::optional<Instance> instance_;
  Orphans orphans_;  // of the master before us, if it died
  std::unique_ptr<Supervisor> supervisor_;
  std::optional<config::Digest> unreported_;  // of the texts that came in force
  std::string failure_;                       // of the last load
  net::Scope settling_{loop_};
  bool asked_again_ = false;  // to upgrade, while we were about to
  net::Scope upgrading_{loop_};
  net::Scope tasks_{loop_};
};

// For -t with -U: could we take over? Fails with the reason why not.
Result<void> could_take_over(const Options& options);

}  // namespace postern::master
