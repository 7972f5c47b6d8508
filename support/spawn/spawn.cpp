#include "support/spawn/spawn.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/params/command_params.h"
#include "lib/daemon/command_identity.h"

namespace postern::spawn {

namespace {

// For the end of processes that were killed.
constexpr Duration kLastMoment = seconds(10);

}  // namespace

Result<void> Spawn::prepare(daemon::Context& context) {
  context_ = &context;
  config::CommonParams common;
  config::CommandParams command;
  config::TimeLimitParams own(context.service_name());
  auto done = common.load(context.settings());
  if (done) done = command.load(context.settings());
  if (done) done = own.load(context.settings());
  if (!done) return done;
  auto words = config::parse_command_words(context.arguments().rest);
  if (!words) return fail(words.error());
  command_ = std::move(*words);
  auto identity = daemon::identity_of(command_, common);
  if (!identity) return fail(identity.error());
  identity_ = std::move(*identity);
  environment_ = daemon::exported_environment(*command.export_environment);
  limit_ = *own.time_limit;
  return {};
}

void Spawn::started() {
  child_ended_ = std::make_unique<net::Event>(context_->loop());
  context_->loop().on_signal(SIGCHLD, [this] { child_ended_->notify(); });
}

Result<daemon::Command> Spawn::start(net::Accepted connection) const {
  daemon::CommandPlan plan;
  plan.words = command_.words;
  plan.environment = environment_;
  plan.connection = connection.fd.get();
  // Without root nobody can be another user: master has said so.
  if (::geteuid() == 0) plan.identity = &identity_;
  return daemon::Command::start(plan);
}

net::Task<void> Spawn::serve(net::Accepted connection) {
  auto command = start(std::move(connection));
  if (!command) {
    log_warning(concat("command ", command_.words.front(), " cannot be run: ", command.error().text));
    co_return;
  }
  struct Listed {
    std::set<daemon::Command*>& in;
    daemon::Command* command;
    Listed(std::set<daemon::Command*>& list, daemon::Command* what) : in(list), command(what) {
      in.insert(what);
    }
    ~Listed() { in.erase(command); }
  };
  const Listed listed(running_, &*command);
  co_await attend(*command);
  if (const auto status = command->ended()) report(*status);
}

net::Task<void> Spawn::attend(daemon::Command& command) {
  net::Loop& loop = context_->loop();
  const Deadline deadline = loop.in(limit_);
  while (!command.ended() && loop.now() < deadline) {
    const bool one_ended = co_await child_ended_->wait(deadline);
    if (!one_ended) break;
  }
  if (command.ended()) co_return;
  log_warning(concat("process id ", command.pid(), ": command time limit exceeded"));
  command.send_signal(SIGKILL);
  const Deadline last = loop.in(kLastMoment);
  while (!command.ended() && loop.now() < last) {
    const bool one_ended = co_await child_ended_->wait(last);
    if (!one_ended) break;
  }
}

void Spawn::report(int status) const {
  const std::string& name = command_.words.front();
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
    log_warning(concat("command ", name, " exit status ", WEXITSTATUS(status)));
  }
  // What ends because we told it to is no news.
  const bool told = stopping_ && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
  if (WIFSIGNALED(status) && !told)
    log_warning(concat("command ", name, " killed by signal ", WTERMSIG(status)));
}

void Spawn::leave(daemon::Leave why) {
  if (why != daemon::Leave::stop) return;
  stopping_ = true;
  for (const daemon::Command* command : running_) command->send_signal(SIGTERM);
}

}  // namespace postern::spawn
