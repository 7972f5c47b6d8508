// qmgr asks a delivery agent: deliver this message to these recipients, and say how it went for each. The
// agent answers when what it did is on disk, or with the remote side.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/fd.h"
#include "lib/ipc/codec.h"

namespace postern::ipc {

struct DeliverTo {
  std::int64_t number = 0;  // names the recipient in the answer
  std::string address;
  std::string original;
  std::string notify;
  std::string orcpt;
  static constexpr auto fields =
      std::tuple{Field{"number", &DeliverTo::number}, Field{"address", &DeliverTo::address},
                 Field{"original", &DeliverTo::original}, Field{"notify", &DeliverTo::notify},
                 Field{"orcpt", &DeliverTo::orcpt}};
};

struct Deliver {
  std::int64_t queue_id = 0;
  std::string sender;
  std::string nexthop;
  std::vector<DeliverTo> recipients;
  std::int64_t arrived = 0;    // wall microseconds: when the message came
  std::int64_t activated = 0;  // when qmgr took it up
  std::int64_t size = 0;       // bytes of the content, spooled part included
  std::string body_type;
  bool smtputf8 = false;
  std::string envid;
  std::string ret;
  std::string content;  // lines end in LF; the content goes on in `spool` if there is one
  Fd spool;             // open for reading; use pread: the offset may be shared
  static constexpr std::string_view name = "deliver";
  static constexpr auto fields = std::tuple{Field{"queue_id", &Deliver::queue_id},
                                            Field{"sender", &Deliver::sender},
                                            Field{"nexthop", &Deliver::nexthop},
                                            Field{"recipient", &Deliver::recipients},
                                            Field{"arrived", &Deliver::arrived},
                                            Field{"activated", &Deliver::activated},
                                            Field{"size", &Deliver::size},
                                            Field{"body_type", &Deliver::body_type},
                                            Field{"smtputf8", &Deliver::smtputf8},
                                            Field{"envid", &Deliver::envid},
                                            Field{"ret", &Deliver::ret}};
  static constexpr auto body = &Deliver::content;
  static constexpr auto descriptor = &Deliver::spool;
};

enum class DeliveryStatus { sent = 0, deferred = 1, bounced = 2 };
constexpr DeliveryStatus last_value(DeliveryStatus) { return DeliveryStatus::bounced; }

struct DeliveryResult {
  std::int64_t number = 0;  // of the recipient
  DeliveryStatus status = DeliveryStatus::deferred;
  std::string dsn;   // enhanced status code
  std::string text;  // what the log says in parentheses
  static constexpr auto fields =
      std::tuple{Field{"number", &DeliveryResult::number}, Field{"status", &DeliveryResult::status},
                 Field{"dsn", &DeliveryResult::dsn}, Field{"text", &DeliveryResult::text}};
};

struct Delivered {
  std::vector<DeliveryResult> results;  // one for each recipient
  static constexpr std::string_view name = "delivered";
  static constexpr auto fields = std::tuple{Field{"result", &Delivered::results}};
};

using DeliverCall = Call<Deliver, Delivered>;

}  // namespace postern::ipc
