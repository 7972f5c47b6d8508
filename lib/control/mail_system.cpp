#include "lib/control/mail_system.h"

#include <fcntl.h>
#include <sys/file.h>

#include <filesystem>

#include "lib/base/fd.h"
#include "lib/base/text.h"

namespace postern::control {

Result<MailSystem> MailSystem::open(const std::string& directory) {
  MailSystem system;
  std::error_code error;
  system.directory_ = std::filesystem::canonical(directory, error).string();
  if (error) return fail_errno(concat("configuration directory ", directory), error.value());
  auto settings = config::Settings::load(system.directory_);
  if (!settings) return fail(settings.error());
  system.settings_ = std::make_unique<config::Settings>(std::move(*settings));
  system.common_ = std::make_unique<config::CommonParams>();
  auto loaded = system.common_->load(*system.settings_);
  if (!loaded) return fail(Errc::invalid, concat(system.directory_, "/main.cf: ", loaded.error().text));
  return system;
}

std::string MailSystem::queue_path(std::string_view name) const {
  return concat(*common_->queue_directory, "/", name);
}

std::string MailSystem::scoreboard() const {
  return queue_path(concat(*common_->process_id_directory, "/scoreboard"));
}

// A master that ended in order leaves no process id behind; after another end the lock tells. It is tried
// only then, so that we never stand in the way of a master that starts.
std::optional<pid_t> MailSystem::master() const {
  const std::string path = queue_path(concat(*common_->process_id_directory, "/master.pid"));
  const auto text = read_file(path, 64);
  const auto pid = text ? parse_number(trim(*text)) : std::nullopt;
  if (!pid || *pid < 1) return std::nullopt;
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file || ::flock(file.get(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
  return static_cast<pid_t>(*pid);
}

Result<pid_t> MailSystem::running_master() const {
  const auto pid = master();
  if (!pid) return fail(Errc::not_found, "the mail system is not running");
  return *pid;
}

}  // namespace postern::control
