// The part of the supervisor that starts a process for a service, with all that the contract promises it.
#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "lib/base/exec.h"
#include "lib/base/text.h"
#include "lib/daemon/arguments.h"
#include "master/launcher.h"
#include "master/supervisor.h"

namespace postern::master {

namespace {

daemon::Arguments arguments_of(const Service& service, std::size_t listeners) {
  using Limit = daemon::Arguments::Limit;
  daemon::Arguments arguments;
  arguments.service = service.name;
  arguments.type = config::name_of(service.type);
  arguments.limit = service.limit == 0 ? Limit::none : service.limit == 1 ? Limit::one : Limit::other;
  arguments.unprivileged = service.unprivileged;
  arguments.chroot = service.chroot;
  arguments.listeners = static_cast<unsigned>(listeners);
  return arguments;
}

}  // namespace

Result<std::unique_ptr<Child>> Supervisor::start_child(const Entry& entry) {
  const auto slot = scoreboard_.take_slot();
  if (!slot) return fail(slot.error());
  auto child = start_in_slot(entry, *slot);
  if (!child) scoreboard_.free_slot(*slot);
  return child;
}

Result<std::unique_ptr<Child>> Supervisor::start_in_slot(const Entry& entry, unsigned slot) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail_errno("create a status channel", errno);
  }
  Fd ours(ends[0]);
  const Fd theirs(ends[1]);
  // Not to block is a matter of each end: a process that writes more than we have read loses it, and does not wait.
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return fail_errno("create a pipe", errno);
  Fd errors(ends[0]);
  const Fd error_end(ends[1]);
  Start start = start_of(entry, slot);
  start.errors = error_end.get();
  start.descriptors = {log_.get(), scoreboard_.fd(), theirs.get()};
  for (const Listener& listener : entry.listeners()) start.descriptors.push_back(listener.fd.get());
  start.descriptors.push_back(configuration_->main_cf.get());
  give_tickets(start, entry);
  const Service& service = entry.service();
  scoreboard_.expect(slot, {service.program, service.name, entry.row(), generation_});
  const auto pid = start_program(start);
  if (!pid) return fail(pid.error());
  if (start.launched) strays_.launched(*pid);
  scoreboard_.started(slot, *pid);
  const Birth birth{*pid, slot, generation_, loop_.now()};
  return std::make_unique<Child>(loop_, birth, std::move(ours), std::move(errors));
}

void Supervisor::give_tickets(Start& start, const Entry& entry) const {
  const std::string& program = entry.service().program;
  const bool has_tls = program == "smtpd" || program == "screen" || program == "postscreen";
  if (!has_tls || start.launched || !tickets_to_read_) return;
  const auto number = static_cast<std::size_t>(daemon::kLogDescriptor) + start.descriptors.size();
  start.descriptors.push_back(tickets_to_read_.get());
  start.environment.push_back(concat(daemon::kTicketsVariable, "=", number));
}

Start Supervisor::start_of(const Entry& entry, unsigned slot) const {
  const Service& service = entry.service();
  const std::size_t listeners = entry.listeners().size();
  Start start;
  start.path = path_of(service);
  start.words = daemon::format_arguments(arguments_of(service, listeners), service.program,
                                         entry.is_stressed() ? "yes" : "");
  start.words.insert(start.words.begin(), service.program);
  start.words.insert(start.words.end(), service.arguments.begin(), service.arguments.end());
  start.environment = chosen_environment(*configuration_->params.import_environment);
  std::erase_if(start.environment, [](const std::string& pair) {
    return pair.rfind(concat(daemon::kConfigVariable, "="), 0) == 0;
  });
  const char* log = !log_ ? "none" : log_is_syslog_ ? "syslog" : "descriptor";
  start.environment.push_back(concat(daemon::kConfigVariable, "=", directory_));
  start.environment.push_back(
      concat(daemon::kMainCfVariable, "=", daemon::kFirstListener + static_cast<int>(listeners)));
  start.environment.push_back(concat(daemon::kLogVariable, "=", log));
  start.environment.push_back(concat(daemon::kSlotVariable, "=", slot));
  start.environment.push_back(concat(daemon::kGenerationVariable, "=", generation_));
  launch_if_foreign(start, service, configuration_->common, daemon::kFirstListener + listeners + 1);
  return start;
}

}  // namespace postern::master
