#include "commands/queue/access.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "lib/base/text.h"
#include "lib/config/params/cleanup_params.h"
#include "lib/config/standards.h"
#include "lib/daemon/contract.h"
#include "lib/mail/queue_id.h"

namespace postern::commands {

namespace {

using desk::Desk;

bool has_borrowed_rights() { return ::getegid() != ::getgid() || ::geteuid() != ::getuid(); }

Result<void> give_up_rights() {
  if (::setgid(::getgid()) != 0 || ::setuid(::getuid()) != 0 || has_borrowed_rights()) {
    return fail_errno("give up the rights of the command", errno);
  }
  return {};
}

}  // namespace

Result<std::string> configuration_directory(const std::string& given) {
  const std::string standard(config::standard_value("config_directory").value_or("/etc/postern"));
  const char* variable = ::getenv(daemon::kConfigVariable);
  std::string directory = !given.empty() ? given : variable != nullptr ? variable : standard;
  if (directory != standard && has_borrowed_rights() && ::getuid() != 0) {
    auto given_up = give_up_rights();
    if (!given_up) return fail(Errc::denied, given_up.error().text);
  }
  return directory;
}

Result<QueueAccess> QueueAccess::open(const std::string& directory) {
  auto system = control::MailSystem::open(directory);
  // What is in force may be better than what the file says now.
  if (!system) {
    auto found = control::MailSystem::find(directory);
    if (!found) return fail(system.error());
    system = std::move(found);
  }
  config::CleanupParams params;
  auto loaded = params.enable_long_queue_ids.load(system->settings());
  if (!loaded) return fail(loaded.error());
  if (::chdir(system->queue_path("").c_str()) != 0) {
    return fail_errno(concat("change to the queue directory ", system->queue_path("")), errno);
  }
  const auto master = system->running_master();
  const bool down = !master && master.error().kind != Errc::denied;
  return QueueAccess(std::move(*system), *params.enable_long_queue_ids, down);
}

Result<std::unique_ptr<Desk>> QueueAccess::desk(Purpose purpose) const {
  std::vector<std::string> services;
  if (purpose == Purpose::view) services.push_back(desk::kShowq);
  if (purpose == Purpose::change || ::geteuid() == 0) services.push_back(desk::kQmgr);
  if (!down_) return std::make_unique<Desk>(std::move(services));
  auto opened = Desk::at_database();
  if (!opened && opened.error().kind == Errc::not_found) return Desk::without_mail();
  if (!opened && opened.error().kind == Errc::denied) return fail(Errc::lost, "mail system is down");
  return opened;
}

std::string QueueAccess::id_text(std::int64_t id) const {
  const mail::QueueId queue_id(id);
  return long_ids_ ? queue_id.long_text() : queue_id.short_text();
}

int status_of(const Error& error) {
  switch (error.kind) {
    case Errc::denied: return kNoPermission;
    case Errc::invalid:
    case Errc::too_long: return kUsage;
    case Errc::not_found: return kNoSuchMessage;
    default: return kUnavailable;
  }
}

}  // namespace postern::commands
