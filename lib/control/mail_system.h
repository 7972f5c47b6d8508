// A mail system as a command sees it: its configuration directory, and the master that runs it, if one does.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "lib/base/result.h"
#include "lib/config/params/common_params.h"
#include "lib/config/settings.h"

namespace postern::control {

class MailSystem {
 public:
  // Reads main.cf of the directory, which becomes absolute. Fails as Settings::load, naming file and line.
  static Result<MailSystem> open(const std::string& directory);
  // The same for who only looks at what runs, or ends it: a main.cf that would not be accepted now is no hindrance, as long as it
  // still tells where the queue directory is. settings() and common() are then the defaults but for the two directories.
  static Result<MailSystem> find(const std::string& directory);

  const std::string& directory() const { return directory_; }
  const config::Settings& settings() const { return *settings_; }
  const config::CommonParams& common() const { return *common_; }
  // A path below queue_directory.
  std::string queue_path(std::string_view name) const;
  std::string scoreboard() const;

  // The process id of the running master; nothing when none holds the lock.
  std::optional<pid_t> master() const;
  // The same, or the failure not_found: "the mail system is not running"; denied when the caller may not know.
  Result<pid_t> running_master() const;

 private:
  static Result<MailSystem> of(std::string directory, config::Settings settings);

  std::string directory_;
  std::unique_ptr<config::Settings> settings_;
  std::unique_ptr<config::CommonParams> common_;
};

}  // namespace postern::control
