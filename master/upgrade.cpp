// Master replaces itself by another program in the same process: listening sockets, locks, and the ends of all status
// channels stay open, children stay children. What the successor must know is in the handover.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "lib/base/exec.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/place.h"
#include "lib/net/wait.h"
#include "master/handover.h"
#include "master/master.h"
#include "master/trial.h"

namespace postern::master {

namespace {

void block_signals(int how) {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(how, &all, nullptr);
}

void keep_open(const std::vector<int>& descriptors, bool open) {
  for (const int fd : descriptors) ::fcntl(fd, F_SETFD, open ? 0 : FD_CLOEXEC);
}

std::vector<std::string> successor_words(const std::string& program, const Options& options,
                                         const std::string& directory, int handover) {
  std::vector<std::string> words{program, "-c", directory, "-U", std::to_string(handover)};
  if (options.debug) words.emplace_back("-d");
  if (options.init) {
    words.emplace_back("-i");
  } else if (options.keep_output) {
    words.emplace_back("-s");
  }
  for (unsigned i = 0; i < options.verbose; ++i) words.emplace_back("-v");
  return words;
}

Result<std::string> program_of(const Configuration& configuration) {
  const auto directory = config::service_directory(configuration.settings);
  if (!directory) return fail(directory.error());
  return concat(*directory, "/master");
}

}  // namespace

Result<void> could_take_over(const Options& options) {
  const auto handed = read_handover(options.handover_fd);
  if (!handed) return fail(handed.error());
  const auto before = read_configuration(handed->directory, {handed->main_cf, handed->master_cf});
  if (!before) return fail(before.error());
  const auto next = read_configuration(handed->directory, config::Texts::read(handed->directory));
  if (!next) return fail(next.error());
  return {};
}

Result<Handover> Master::everything() const {
  Handover all;
  const Configuration& now = supervisor_->configuration();
  all.log_unsaid = log::unsaid();
  all.main_cf = now.texts.main_cf.value_or("");
  all.master_cf = now.texts.master_cf.value_or("");
  std::tie(all.pid_lock, all.data_lock) = instance_->locks();
  auto handed = supervisor_->hand_over(all);
  if (!handed) return fail(handed.error());
  return all;
}

void Master::upgrade() {
  // Who asks now may mean a program that came after the trial began.
  asked_again_ = upgrading_.size() > 0;
  if (asked_again_) return;
  upgrading_.spawn(upgrade_when_tried());
}

net::Task<void> Master::upgrade_when_tried() {
  begin_load();
  const auto texts = config::Texts::read(directory_);
  const auto program = co_await try_next(texts);
  if (program) {
    co_await hold_signals();
  }
  // Who comes back stays who he is.
  const Error why = program ? become_next(*program).value() : program.error();
  block_signals(SIG_UNBLOCK);
  log_error(concat("not upgraded: ", why.text));
  end_load(texts.digest(), fail(why));
  if (std::exchange(asked_again_, false)) loop_.post([] { ::kill(::getpid(), SIGUSR2); });
}

net::Task<Result<std::string>> Master::try_next(config::Texts texts) {
  const auto next = read_configuration(directory_, texts);
  if (!next) co_return fail(next.error());
  auto program = program_of(**next);
  if (!program) co_return fail(program.error());
  log_info(concat("upgrade -- trying ", *program));
  const auto all = everything();
  if (!all) co_return fail(all.error());
  const auto handover = write_handover(*all);
  if (!handover) co_return fail(handover.error());
  auto tried = co_await try_successor(loop_, *program, directory_, handover->get());
  if (!tried) co_return fail(tried.error());
  co_return std::move(*program);
}

// What comes from here on is pending over the exec. What came before has its turn first: the loop has heard of it, and
// nobody else ever would.
net::Task<void> Master::hold_signals() {
  block_signals(SIG_BLOCK);
  co_await net::sleep_until(loop_, loop_.in(milliseconds(1)));
}

Failure Master::become_next(const std::string& program) {
  if (supervisor_->is_stopping()) return fail(Errc::shutting_down, "the mail system is stopping");
  log_info(concat("upgrade -- ", program, " goes on"));
  log::finish();
  const auto all = everything();  // as it is now
  if (!all) return fail(all.error());
  auto handover = write_handover(*all);
  if (!handover) return fail(handover.error());
  std::vector<int> kept = descriptors_of(*all);
  kept.push_back(handover->get());
  const auto words = successor_words(program, options_, directory_, handover->get());
  if (asked_again_) ::kill(::getpid(), SIGUSR2);  // the successor will see to it
  keep_open(kept, true);
  ::execv(program.c_str(), pointers_to(words).data());
  const int error = errno;
  keep_open(kept, false);
  return fail_errno(concat("run ", program), error);
}

Result<void> Master::take_over() {
  Fd memory(options_.handover_fd);
  auto handed = read_handover(memory.get());
  if (!handed) return fail(handed.error());
  keep_open(descriptors_of(*handed), false);
  directory_ = handed->directory;
  notify_ = Notify::from_environment();
  auto before = read_configuration(directory_, {handed->main_cf, handed->master_cf});
  if (!before) return fail(before.error());
  const config::CommonParams& common = (*before)->common;
  instance_ = Instance::resume(common, Fd(handed->pid_lock), Fd(handed->data_lock));
  auto log = resume_log(*handed, **before);
  if (!log) return fail(log.error());
  use_log(*log, common);
  log::add_lost(handed->log_unsaid);
  auto board = resume_scoreboard(*handed, common);
  if (!board) return fail(board.error());
  supervisor_ = std::make_unique<Supervisor>(loop_, directory_, std::move(*board));
  supervisor_->take_over(std::move(*before), std::move(*handed), std::move(log->for_children));
  auto shown = instance_->show_scoreboard(supervisor_->scoreboard().fd());
  if (!shown) log_warning(shown.error().text);
  follow_signals();
  block_signals(SIG_UNBLOCK);
  supervisor_->reap();  // whoever ended in between
  renew_all();
  return {};
}

// The system log is connected anew, since those who are about to leave cannot be asked for their socket.
Result<Master::NewLog> Master::resume_log(const Handover& handed, const Configuration& configuration) const {
  if (handed.log_is_syslog || handed.log < 0) return open_log(configuration);
  NewLog log;
  log.for_children = Fd(handed.log);
  log.own = Fd(::fcntl(handed.log, F_DUPFD_CLOEXEC, 3));
  if (!log.own) return fail_errno("duplicate the log", errno);
  return log;
}

// One of another layout is left to the processes that write it: they are about to leave.
Result<daemon::Scoreboard> Master::resume_scoreboard(const Handover& handed,
                                                     const config::CommonParams& common) const {
  std::vector<unsigned> used;
  for (const HandedService& service : handed.services) {
    for (const HandedChild& child : service.children) used.push_back(child.slot);
  }
  auto board = daemon::Scoreboard::resume(Fd(handed.scoreboard), *common.mail_version, used);
  if (board || board.error().kind != Errc::invalid) return board;
  board = daemon::Scoreboard::create(*common.mail_version, directory_);
  if (!board) return board;
  for (const HandedService& service : handed.services) {
    for (const HandedChild& child : service.children) {
      board->hold(child.slot);
      board->expect(child.slot, {service.service.program, service.service.name});
      board->started(child.slot, child.pid);
    }
  }
  board->begin_load();
  return board;
}

// As after a reload that changed everything. If what stands in the files now cannot be had, what was in force stays
// so, under the new programs.
void Master::renew_all() {
  const auto texts = config::Texts::read(directory_);
  log_info(concat("upgraded -- version ", *supervisor_->configuration().common.mail_version,
                  ", configuration ", directory_));
  auto changed = change_with(texts, Renew::all);
  if (!changed) {
    log_error(concat(changed.error().text, " -- the configuration from before stays in force"));
    const auto& before = supervisor_->configuration().texts;
    auto renewed = change_with(before, Renew::all);
    if (!renewed) log_error(renewed.error().text);
  }
  end_load(texts.digest(), changed);
}

}  // namespace postern::master
