#include "master/master.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/daemon/contract.h"
#include "lib/net/wait.h"

namespace postern::master {

namespace {

// How long processes of the configuration before may take to hear that they are to leave, before a reload counts as
// done without them.
constexpr Duration kSettling = seconds(3);
// How long children of a master that died may hold our addresses.
constexpr Duration kLeaving = seconds(2);
constexpr Duration kLook = seconds(1);

Result<std::string> absolute(const std::string& path) {
  char found[PATH_MAX];
  if (::realpath(path.c_str(), found) == nullptr) return fail_errno(path, errno);
  return std::string(found);
}

// One process may hold thousands of sessions: children inherit all the descriptors we may have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void leave_terminal() {
  const Fd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere.get(), fd);
}

void say_what_is_not_started(const Configuration& configuration) {
  std::string all;
  for (const NotStarted& entry : configuration.not_started) {
    all += concat(all.empty() ? "" : ", ", entry.name, " (", entry.program, ", line ", entry.line, ")");
  }
  if (all.empty()) return;
  log_info(concat("not started, their program is part of another one or not installed: ", all));
}

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

Result<void> Master::start() {
  auto started = come_up();
  if (!started && instance_) instance_->withdraw();
  return started;
}

Result<void> Master::come_up() {
  follow_signals();  // one that comes while we start waits for its turn
  notify_ = Notify::from_environment();
  auto directory = absolute(options_.config_directory);
  if (!directory) return fail(directory.error());
  directory_ = std::move(*directory);
  raise_descriptor_limit();
  const auto texts = config::Texts::read(directory_);
  auto configuration = read_configuration(directory_, texts);
  if (!configuration) return fail(configuration.error());
  auto instance = Instance::take((*configuration)->common);
  if (!instance) return fail(instance.error());
  instance_ = std::move(*instance);
  auto log = open_log(**configuration);
  if (!log) return fail(log.error());
  use_log(*log, (*configuration)->common);
  auto scoreboard = daemon::Scoreboard::create(*(*configuration)->common.mail_version, directory_);
  if (!scoreboard) return fail(scoreboard.error());
  return start_services(std::move(*configuration), texts.digest(), std::move(*scoreboard),
                        std::move(log->for_children));
}

Result<void> Master::start_services(std::unique_ptr<Configuration> configuration, const config::Digest& texts,
                                    daemon::Scoreboard scoreboard, Fd log_for_children) {
  const int board = scoreboard.fd();
  if (instance_->follows_a_dead_one()) {
    orphans_ = Orphans::find(directory_);
    tasks_.spawn(end_orphans());
  }
  supervisor_ = std::make_unique<Supervisor>(loop_, directory_, std::move(scoreboard));
  say_what_is_missing(*configuration);
  supervisor_->scoreboard().begin_load();
  if (instance_->follows_a_dead_one()) supervisor_->be_patient(kLeaving);
  auto started =
      supervisor_->start(std::move(configuration), std::move(log_for_children), system_log_.has_value());
  if (!started) return started;
  supervisor_->scoreboard().load_succeeded(texts, supervisor_->generation());
  started = instance_->announce(board);
  if (!started) return started;
  const auto& common = supervisor_->configuration().common;
  log_info(concat("daemon started -- version ", *common.mail_version, ", configuration ", directory_));
  log::flush();
  notify_.ready(summary());
  return {};
}

void Master::run() {
  if (!options_.debug && !options_.keep_output) leave_terminal();
  if (options_.lifetime > seconds(0)) tasks_.spawn(end_in_time());
  if (notify_.is_wanted()) tasks_.spawn(keep_manager_informed());
  tasks_.spawn(follow_system_log());
  loop_.run();
  orphans_.kill();  // an end is the end of all
  instance_->withdraw();
  log::finish();
}

Result<Master::NewLog> Master::open_system_log() const {
  NewLog log;
  auto system = log::SystemLog::open();
  if (!system) return fail(system.error());
  if (!system->is_connected() && options_.keep_output) {
    auto output = log::open_destination("/dev/stdout");
    if (!output) return fail(output.error());
    log.own = std::move(*output);
    return log;
  }
  if (!system->is_connected()) {
    log_warning(concat("no system log at ", log::SystemLog::kPath, " yet; maillog_file names another place"));
  }
  log.own = Fd(::fcntl(system->fd(), F_DUPFD_CLOEXEC, 3));
  if (!log.own) return fail_errno("duplicate the log", errno);
  log.system = std::move(*system);
  return log;
}

Result<Master::NewLog> Master::open_log(const Configuration& configuration) const {
  const std::string& file = *configuration.common.maillog_file;
  Result<NewLog> log = NewLog();
  if (file.empty()) {
    log = open_system_log();
  } else if (auto opened = log::open_destination(file)) {
    log->own = std::move(*opened);
  } else {
    return fail(opened.error());
  }
  if (!log) return log;
  log->for_children = Fd(::fcntl(log->own.get(), F_DUPFD_CLOEXEC, 3));
  if (!log->for_children) return fail_errno("duplicate the log", errno);
  return log;
}

void Master::use_log(NewLog& log, const config::CommonParams& common) {
  log_fd_ = log.own.get();
  system_log_ = std::move(log.system);
  const auto target = system_log_ ? log::Target::syslog : log::Target::descriptor;
  log::open({concat(*common.syslog_name, "/master"), *common.myhostname, target, std::move(log.own)});
}

net::Task<void> Master::follow_system_log() {
  for (;;) {
    if (system_log_) system_log_->renew();
    co_await net::sleep_until(loop_, loop_.in(kLook));
  }
}

std::string Master::summary() const {
  const std::size_t services = supervisor_->configuration().services.size();
  const std::size_t processes = supervisor_->processes();
  const std::string numbers = concat(services, services == 1 ? " service, " : " services, ", processes,
                                     processes == 1 ? " process" : " processes");
  return failure_.empty() ? numbers : concat(numbers, "; the last reload failed: ", failure_);
}

net::Task<void> Master::keep_manager_informed() {
  for (;;) {
    if (notify_.pace() != Duration::max()) notify_.alive();
    if (!supervisor_->is_stopping()) notify_.status(summary());
    co_await net::sleep_until(loop_, loop_.in(std::min(notify_.pace(), kLook)));
  }
}

bool Master::log_has_moved(const Configuration& configuration) const {
  if (configuration.common.maillog_file->empty() || log_fd_ < 0) return log_fd_ < 0;
  struct stat named {
  }, held{};
  if (::stat(configuration.common.maillog_file->c_str(), &named) != 0) return true;
  return ::fstat(log_fd_, &held) != 0 || !same_file(named, held);
}

void Master::say_what_is_missing(const Configuration& configuration) const {
  for (const std::string& warning : configuration.warnings) log_warning(warning);
  if (const std::string rights = missing_rights(); !rights.empty()) log_info(rights);
  say_what_is_not_started(configuration);
}

void Master::follow_signals() {
  for (const int number : {SIGTERM, SIGINT}) {
    loop_.on_signal(number, [this, number] {
      log_info(concat("terminating on signal ", number));
      notify_.stopping();
      supervisor_->stop();
    });
  }
  loop_.on_signal(SIGQUIT, [this] {
    log_info("killing all processes on signal 3");
    notify_.stopping();
    orphans_.kill();
    supervisor_->abort();
  });
  loop_.on_signal(SIGHUP, [this] { reload(); });
  loop_.on_signal(SIGUSR2, [this] { upgrade(); });
  loop_.on_signal(SIGCHLD, [this] { supervisor_->reap(); });
}

net::Task<void> Master::end_in_time() {
  co_await net::sleep_until(loop_, loop_.in(options_.lifetime));
  log_info("terminating: the time of option -e is over");
  supervisor_->stop();
}

net::Task<void> Master::end_orphans() {
  orphans_.ask_to_end();
  co_await net::sleep_until(loop_, loop_.in(daemon::kStopLimit + seconds(1)));
  orphans_.kill();
}

void Master::reload() {
  begin_load();
  const std::string version = *supervisor_->configuration().common.mail_version;
  log_info(concat("reload -- version ", version, ", configuration ", directory_));
  const auto texts = config::Texts::read(directory_);
  const Result<void> changed = change_with(texts, Renew::changed);
  if (!changed) log_error(concat(changed.error().text, " -- the configuration from before stays in force"));
  end_load(texts.digest(), changed);
}

void Master::begin_load() {
  settling_.cancel();
  report_success();
  notify_.reloading();
  supervisor_->scoreboard().begin_load();
}

void Master::end_load(const config::Digest& texts, const Result<void>& changed) {
  log::flush();  // who sees the report may look into the log
  failure_ = changed ? "" : changed.error().text;
  if (!changed) {
    notify_.ready(summary());
    return supervisor_->scoreboard().load_failed(texts, failure_);
  }
  unreported_ = texts;
  settling_.spawn(report_when_settled());
}

net::Task<void> Master::report_when_settled() {
  co_await supervisor_->settle(loop_.in(kSettling));
  report_success();
}

void Master::report_success() {
  if (!unreported_) return;
  supervisor_->scoreboard().load_succeeded(*unreported_, supervisor_->generation());
  notify_.ready(summary());
  unreported_.reset();
}

Result<void> Master::change_with(const config::Texts& texts, Renew renew) {
  auto next = read_configuration(directory_, texts);
  if (!next) return fail(next.error());
  return change_to(std::move(*next), renew);
}

Result<void> Master::change_to(std::unique_ptr<Configuration> next, Renew renew) {
  const Configuration& now = supervisor_->configuration();
  if (*next->common.queue_directory != *now.common.queue_directory ||
      *next->common.data_directory != *now.common.data_directory) {
    return fail(
        Errc::invalid,
        "queue_directory and data_directory cannot change while the mail system runs: stop and start it");
  }
  const bool other_warnings = next->warnings != now.warnings, others = next->not_started != now.not_started;
  auto changed = change_with_log(std::move(next), renew);
  if (!changed) return changed;
  const Configuration& in_force = supervisor_->configuration();
  for (const std::string& warning : in_force.warnings) {
    if (other_warnings) log_warning(warning);
  }
  if (others) say_what_is_not_started(in_force);
  return {};
}

// What can fail comes first, the log last of it: a failure leaves neither a socket nor a new file.
Result<void> Master::change_with_log(std::unique_ptr<Configuration> next, Renew renew) {
  const Configuration& now = supervisor_->configuration();
  const bool other_log = *next->common.maillog_file != *now.common.maillog_file || log_has_moved(*next);
  if (other_log || next->settings.main_cf().text() != now.settings.main_cf().text()) renew = Renew::all;
  auto prepared = supervisor_->prepare(std::move(next), renew);
  if (!prepared) return fail(prepared.error());
  if (other_log) {
    auto log = open_log(*prepared->configuration);
    if (!log) return fail(log.error());
    use_log(*log, prepared->configuration->common);
    supervisor_->set_log(std::move(log->for_children), system_log_.has_value());
  }
  supervisor_->change_to(std::move(*prepared));
  return {};
}

}  // namespace postern::master
