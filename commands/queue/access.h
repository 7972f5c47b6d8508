// How the queue commands come to the queue: the configuration, the services of the running mail system, or, while it is
// down, the database.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lib/control/mail_system.h"
#include "lib/desk/desk.h"

namespace postern::commands {

// Exit statuses of sysexits(3), which are those of Postfix's commands too.
inline constexpr int kUsage = 64, kNoSuchMessage = 66, kUnavailable = 69, kSoftware = 70, kNoPermission = 77;

// "-c DIRECTORY" if it was given, otherwise MAIL_CONFIG, otherwise the standard one. A set-gid command gives up its group
// when somebody who is not root names a directory of his own. Fails with denied when it cannot be given up.
Result<std::string> configuration_directory(const std::string& given);

class QueueAccess {
 public:
  // Reads main.cf and goes to the queue directory. Fails as MailSystem::open, or when the directory is not there.
  static Result<QueueAccess> open(const std::string& directory);

  enum class Purpose {
    view,    // through showq
    change,  // at qmgr, which only root and mail_owner may ask
  };
  // Fails with lost when the mail system is down and the queue cannot be opened without it.
  Result<std::unique_ptr<desk::Desk>> desk(Purpose purpose) const;
  // Whether that will be the database.
  bool is_down() const { return down_; }

  // A queue id as the log shows it.
  std::string id_text(std::int64_t id) const;
  bool has_long_ids() const { return long_ids_; }
  const control::MailSystem& system() const { return system_; }

 private:
  QueueAccess(control::MailSystem system, bool long_ids, bool down)
      : system_(std::move(system)), long_ids_(long_ids), down_(down) {}

  control::MailSystem system_;
  bool long_ids_;
  bool down_;
};

// The exit status for a failure of a desk.
int status_of(const Error& error);

}  // namespace postern::commands
