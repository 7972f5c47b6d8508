// qmgr asks bounce: tell the sender what became of these recipients (RFC 3464). The answer is an Outcome: 250
// when the notification is in the queue.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/ipc/codec.h"
#include "lib/ipc/messages/submit.h"

namespace postern::ipc {

struct NotifyOf {
  std::string address;
  std::string original;
  std::string notify;
  std::string orcpt;
  std::string dsn;
  std::string reason;
  static constexpr auto fields =
      std::tuple{Field{"address", &NotifyOf::address}, Field{"original", &NotifyOf::original},
                 Field{"notify", &NotifyOf::notify},   Field{"orcpt", &NotifyOf::orcpt},
                 Field{"dsn", &NotifyOf::dsn},         Field{"reason", &NotifyOf::reason}};
};

struct Notify {
  std::int64_t queue_id = 0;  // of the message that failed
  std::string sender;
  std::string envid;
  std::string ret;
  std::int64_t arrived = 0;  // wall microseconds
  std::int64_t size = 0;
  std::vector<NotifyOf> recipients;
  std::string content;  // of the message that failed, at least its headers
  static constexpr std::string_view name = "notify";
  static constexpr auto fields =
      std::tuple{Field{"queue_id", &Notify::queue_id},   Field{"sender", &Notify::sender},
                 Field{"envid", &Notify::envid},         Field{"ret", &Notify::ret},
                 Field{"arrived", &Notify::arrived},     Field{"size", &Notify::size},
                 Field{"recipient", &Notify::recipients}};
  static constexpr auto body = &Notify::content;
};

using NotifyCall = Call<Notify, Outcome>;

}  // namespace postern::ipc
