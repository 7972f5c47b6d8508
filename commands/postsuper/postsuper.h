// What postsuper does to messages of the queue.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "commands/postsuper/options.h"
#include "commands/queue/access.h"
#include "commands/queue/mail_log.h"

namespace postern::commands {

class Super {
 public:
  Super(const QueueAccess& access, desk::Desk& desk, const MailLog& log)
      : access_(access), desk_(desk), log_(log) {}

  // Does what the request says. Fails as the desk does; what was done until then is logged.
  Result<void> obey(const SuperRequest& request);

 private:
  using Ids = std::vector<std::int64_t>;
  Result<void> act(const SuperAction& action, const SuperRequest& request);
  Result<void> act_on_input(Remedy remedy, const std::string& queues);
  Result<void> act_on(Remedy remedy, const Ids& ids, const std::string& queues);
  Result<void> apply(Remedy remedy, const Ids& ids, const std::string& where);
  Result<void> change_and_log(ipc::QueueAction action, const Ids& ids, const std::string& where,
                              bool is_named);
  void add_id(std::string_view text, Ids& ids) const;
  void log_sums() const;

  const QueueAccess& access_;
  desk::Desk& desk_;
  const MailLog& log_;
  std::map<ipc::QueueAction, std::int64_t> sums_;
};

}  // namespace postern::commands
