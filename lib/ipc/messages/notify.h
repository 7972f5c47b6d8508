// qmgr asks bounce: tell the sender what became of these recipients (RFC 3464). The answer is an Outcome: 250 when the
// notification is in the queue, and the recipients are settled (envelope.h), or when nobody wants it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/fd.h"
#include "lib/ipc/codec.h"
#include "lib/ipc/messages/deliver.h"
#include "lib/ipc/messages/envelope.h"
#include "lib/ipc/messages/submit.h"

namespace postern::ipc {

enum class NotifyKind {
  failure,
  success,  // NOTIFY=SUCCESS, and the report of a Purpose other than deliver
  delay,
};
constexpr NotifyKind last_value(NotifyKind) { return NotifyKind::delay; }

struct NotifyOf {
  std::int64_t number = 0;
  std::string address;
  std::string original;
  std::string notify;
  std::string orcpt;
  DeliveryStatus status = DeliveryStatus::bounced;
  Arrival arrival = Arrival::delivered;
  std::string dsn;
  std::string reason;
  std::string remote_mta;
  std::string diagnostic;
  static constexpr auto fields =
      std::tuple{Field{"number", &NotifyOf::number},        Field{"address", &NotifyOf::address},
                 Field{"original", &NotifyOf::original},    Field{"notify", &NotifyOf::notify},
                 Field{"orcpt", &NotifyOf::orcpt},          Field{"status", &NotifyOf::status},
                 Field{"arrival", &NotifyOf::arrival},      Field{"dsn", &NotifyOf::dsn},
                 Field{"reason", &NotifyOf::reason},        Field{"remote_mta", &NotifyOf::remote_mta},
                 Field{"diagnostic", &NotifyOf::diagnostic}};
};

struct Notify {
  NotifyKind kind = NotifyKind::failure;
  std::int64_t queue_id = 0;  // of the message that this is about
  std::string sender;
  std::string envid;
  std::string ret;
  std::int64_t arrived = 0;  // wall microseconds
  std::int64_t expires = 0;  // when it will be given up; for delay
  std::int64_t size = 0;
  bool smtputf8 = false;
  Purpose purpose = Purpose::deliver;
  std::vector<NotifyOf> recipients;
  std::string content;  // of the message; goes on in `spool` if there is one
  Fd spool;             // open for reading; use pread
  static constexpr std::string_view name = "notify";
  static constexpr auto fields = std::tuple{Field{"kind", &Notify::kind},
                                            Field{"queue_id", &Notify::queue_id},
                                            Field{"sender", &Notify::sender},
                                            Field{"envid", &Notify::envid},
                                            Field{"ret", &Notify::ret},
                                            Field{"arrived", &Notify::arrived},
                                            Field{"expires", &Notify::expires},
                                            Field{"size", &Notify::size},
                                            Field{"smtputf8", &Notify::smtputf8},
                                            Field{"purpose", &Notify::purpose},
                                            Field{"recipient", &Notify::recipients}};
  static constexpr auto body = &Notify::content;
  static constexpr auto descriptor = &Notify::spool;
};

using NotifyCall = Call<Notify, Outcome>;

}  // namespace postern::ipc
