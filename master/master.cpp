#include "master/master.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/net/wait.h"

namespace postern::master {

namespace {

// How long processes of the configuration before may take to hear that they are to leave, before a reload counts as
// done without them.
constexpr Duration kSettling = seconds(3);

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
  auto started = take_instance();
  if (!started && instance_) instance_->withdraw();
  return started;
}

Result<void> Master::take_instance() {
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
  const int board = scoreboard->fd();
  supervisor_ = std::make_unique<Supervisor>(loop_, directory_, std::move(*scoreboard));
  say_what_is_missing(**configuration);
  supervisor_->scoreboard().begin_load();
  auto started = supervisor_->start(std::move(*configuration), std::move(log->for_children), log_is_syslog_);
  if (!started) return started;
  supervisor_->scoreboard().load_succeeded(texts.digest(), supervisor_->generation());
  follow_signals();  // whoever learns our process id may send one
  started = instance_->announce(board);
  if (!started) return started;
  const auto& common = supervisor_->configuration().common;
  log_info(concat("daemon started -- version ", *common.mail_version, ", configuration ", directory_));
  log::flush();
  return {};
}

void Master::run() {
  if (!options_.debug && !options_.keep_output) leave_terminal();
  if (options_.lifetime > seconds(0)) tasks_.spawn(end_in_time());
  loop_.run();
  instance_->withdraw();
  log::flush();
}

Result<Master::NewLog> Master::open_log(const Configuration& configuration) const {
  const std::string& file = *configuration.common.maillog_file;
  NewLog log;
  log.is_syslog = file.empty();
  auto opened = log::open_destination(file);
  if (!opened && !file.empty()) return fail(opened.error());
  if (opened) {
    log.own = std::move(*opened);
  } else {
    log_warning(concat("no log: ", opened.error().text, "; set maillog_file"));
    log.is_syslog = log_is_syslog_;
  }
  const int used = log.own ? log.own.get() : log_fd_;
  if (used < 0) return log;
  log.for_children = Fd(::fcntl(used, F_DUPFD_CLOEXEC, 3));
  if (!log.for_children) return fail_errno("duplicate the log", errno);
  return log;
}

void Master::use_log(NewLog& log, const config::CommonParams& common) {
  if (!log.own) return;
  log_fd_ = log.own.get();
  log_is_syslog_ = log.is_syslog;
  const auto target = log_is_syslog_ ? log::Target::syslog : log::Target::descriptor;
  log::open({concat(*common.syslog_name, "/master"), *common.myhostname, target, std::move(log.own)});
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
  ::signal(SIGPIPE, SIG_IGN);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT}) {
    loop_.on_signal(number, [this, number] {
      log_info(concat("terminating on signal ", number));
      supervisor_->stop();
    });
  }
  loop_.on_signal(SIGHUP, [this] { reload(); });
  loop_.on_signal(SIGCHLD, [this] { supervisor_->reap(); });
  loop_.before_sleep([] { log::flush(); });
}

net::Task<void> Master::end_in_time() {
  co_await net::sleep_until(loop_, loop_.in(options_.lifetime));
  log_info("terminating: the time of option -e is over");
  supervisor_->stop();
}

void Master::reload() {
  settling_.cancel();
  report_success();
  supervisor_->scoreboard().begin_load();
  const std::string version = *supervisor_->configuration().common.mail_version;
  log_info(concat("reload -- version ", version, ", configuration ", directory_));
  const auto texts = config::Texts::read(directory_);
  auto next = read_configuration(directory_, texts);
  const Result<void> changed = next ? change_to(std::move(*next)) : Result<void>(fail(next.error()));
  if (!changed) log_error(concat(changed.error().text, " -- the configuration from before stays in force"));
  log::flush();  // who sees the report may look into the log
  if (!changed) return supervisor_->scoreboard().load_failed(texts.digest(), changed.error().text);
  unreported_ = texts.digest();
  settling_.spawn(report_when_settled());
}

net::Task<void> Master::report_when_settled() {
  co_await supervisor_->settle(loop_.in(kSettling));
  report_success();
}

void Master::report_success() {
  if (unreported_) supervisor_->scoreboard().load_succeeded(*unreported_, supervisor_->generation());
  unreported_.reset();
}

Result<void> Master::change_to(std::unique_ptr<Configuration> next) {
  const Configuration& now = supervisor_->configuration();
  if (*next->common.queue_directory != *now.common.queue_directory ||
      *next->common.data_directory != *now.common.data_directory) {
    return fail(
        Errc::invalid,
        "queue_directory and data_directory cannot change while the mail system runs: stop and start it");
  }
  const bool other_warnings = next->warnings != now.warnings, others = next->not_started != now.not_started;
  auto changed = change_with_log(std::move(next));
  if (!changed) return changed;
  const Configuration& in_force = supervisor_->configuration();
  for (const std::string& warning : in_force.warnings) {
    if (other_warnings) log_warning(warning);
  }
  if (others) say_what_is_not_started(in_force);
  return {};
}

// What can fail comes first, the log last of it: a failure leaves neither a socket nor a new file.
Result<void> Master::change_with_log(std::unique_ptr<Configuration> next) {
  const Configuration& now = supervisor_->configuration();
  const bool other_log = *next->common.maillog_file != *now.common.maillog_file || log_has_moved(*next);
  const bool everything = other_log || next->settings.main_cf().text() != now.settings.main_cf().text();
  auto prepared = supervisor_->prepare(std::move(next), everything);
  if (!prepared) return fail(prepared.error());
  if (other_log) {
    auto log = open_log(*prepared->configuration);
    if (!log) return fail(log.error());
    use_log(*log, prepared->configuration->common);
    supervisor_->set_log(std::move(log->for_children), log_is_syslog_);
  }
  supervisor_->change_to(std::move(*prepared));
  return {};
}

}  // namespace postern::master
