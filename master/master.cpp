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

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += concat(all.empty() ? "" : ", ", word);
  return all;
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
  auto configuration = read_configuration(directory_);
  if (!configuration) return fail(configuration.error());
  auto instance = Instance::take((*configuration)->common);
  if (!instance) return fail(instance.error());
  instance_ = std::move(*instance);
  auto opened = open_log(**configuration);
  if (!opened) return opened;
  auto scoreboard = daemon::Scoreboard::create(*(*configuration)->common.mail_version);
  if (!scoreboard) return fail(scoreboard.error());
  const int board = scoreboard->fd();
  supervisor_ = std::make_unique<Supervisor>(loop_, directory_, std::move(*scoreboard));
  auto log = log_for_children();
  if (!log) return fail(log.error());
  say_what_is_missing(**configuration);
  auto started = supervisor_->start(std::move(*configuration), std::move(*log), log_is_syslog_);
  if (started) started = instance_->announce(board);
  if (!started) return started;
  follow_signals();
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

Result<void> Master::open_log(const Configuration& configuration) {
  const std::string& file = *configuration.common.maillog_file;
  auto fd = log::open_destination(file);
  if (!fd && !file.empty()) return fail(fd.error());
  if (!fd) {
    log_warning(concat("no log: ", fd.error().text, "; set maillog_file"));
    return {};
  }
  log_fd_ = fd->get();
  log_is_syslog_ = file.empty();
  const auto target = log_is_syslog_ ? log::Target::syslog : log::Target::descriptor;
  const std::string tag = concat(*configuration.common.syslog_name, "/master");
  log::open({tag, *configuration.common.myhostname, target, std::move(*fd)});
  return {};
}

bool Master::log_has_moved(const Configuration& configuration) const {
  if (configuration.common.maillog_file->empty() || log_fd_ < 0) return log_fd_ < 0;
  struct stat named {
  }, held{};
  if (::stat(configuration.common.maillog_file->c_str(), &named) != 0) return true;
  return ::fstat(log_fd_, &held) != 0 || !same_file(named, held);
}

Result<Fd> Master::log_for_children() const {
  if (log_fd_ < 0) return Fd();
  Fd copy(::fcntl(log_fd_, F_DUPFD_CLOEXEC, 3));
  if (!copy) return fail_errno("duplicate the log", errno);
  return copy;
}

void Master::say_what_is_missing(const Configuration& configuration) const {
  for (const std::string& warning : configuration.warnings) log_warning(warning);
  if (const std::string rights = missing_rights(); !rights.empty()) log_info(rights);
  if (configuration.missing.empty()) return;
  log_info(concat("not started, their program is part of another one or not installed: ",
                  joined(configuration.missing)));
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
  const std::string version = *supervisor_->configuration().common.mail_version;
  log_info(concat("reload -- version ", version, ", configuration ", directory_));
  auto next = read_configuration(directory_);
  Result<void> changed;
  if (next) {
    changed = change_to(std::move(*next));
  } else {
    changed = fail(next.error());
  }
  if (!changed) log_error(concat(changed.error().text, " -- the configuration from before stays in force"));
}

Result<void> Master::change_to(std::unique_ptr<Configuration> next) {
  const Configuration& now = supervisor_->configuration();
  if (*next->common.queue_directory != *now.common.queue_directory ||
      *next->common.data_directory != *now.common.data_directory) {
    return fail(
        Errc::invalid,
        "queue_directory and data_directory cannot change while the mail system runs: stop and start it");
  }
  bool everything = next->settings.main_cf().text() != now.settings.main_cf().text();
  if (*next->common.maillog_file != *now.common.maillog_file || log_has_moved(*next)) {
    auto opened = open_log(*next);
    if (!opened) return opened;
    auto copy = log_for_children();
    if (!copy) return fail(copy.error());
    supervisor_->set_log(std::move(*copy), log_is_syslog_);
    everything = true;
  }
  if (next->missing != now.missing || next->warnings != now.warnings) say_what_is_missing(*next);
  return supervisor_->reload(std::move(next), everything);
}

}  // namespace postern::master
