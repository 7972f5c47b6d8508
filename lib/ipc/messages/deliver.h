// qmgr asks a delivery agent: deliver this message to these recipients, and say how it went for each. The
// agent answers when what it did is on disk, or with the remote side.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/fd.h"
#include "lib/ipc/codec.h"
#include "lib/ipc/messages/envelope.h"

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
  int attempts = 0;  // made before this one
  SmtpClient client;
  Purpose purpose = Purpose::deliver;
  std::string content;  // lines end in LF; the content goes on in `spool` if there is one
  Fd spool;             // open for reading; use pread: the offset may be shared
  static constexpr std::string_view name = "deliver";
  static constexpr auto fields =
      std::tuple{Field{"queue_id", &Deliver::queue_id}, Field{"sender", &Deliver::sender},
                 Field{"nexthop", &Deliver::nexthop},   Field{"recipient", &Deliver::recipients},
                 Field{"arrived", &Deliver::arrived},   Field{"activated", &Deliver::activated},
                 Field{"size", &Deliver::size},         Field{"body_type", &Deliver::body_type},
                 Field{"smtputf8", &Deliver::smtputf8}, Field{"envid", &Deliver::envid},
                 Field{"ret", &Deliver::ret},           Field{"attempts", &Deliver::attempts},
                 Field{"client", &Deliver::client},     Field{"purpose", &Deliver::purpose}};
  static constexpr auto body = &Deliver::content;
  static constexpr auto descriptor = &Deliver::spool;
};

enum class DeliveryStatus { sent = 0, deferred = 1, bounced = 2 };
constexpr DeliveryStatus last_value(DeliveryStatus) { return DeliveryStatus::bounced; }

// What a success means for who asked to be told of it (RFC 3461 5.2, 6.2).
enum class Arrival {
  delivered,  // in a mailbox, or in a command's hands
  relayed,    // to a host that knows nothing of notifications
  passed_on,  // to a host that will notify the sender itself
  expanded,   // to the members of an alias
};
constexpr Arrival last_value(Arrival) { return Arrival::expanded; }

struct DeliveryResult {
  std::int64_t number = 0;  // of the recipient
  DeliveryStatus status = DeliveryStatus::deferred;
  std::string dsn;                       // enhanced status code
  std::string text;                      // what the log says in parentheses
  Arrival arrival = Arrival::delivered;  // of one that was sent
  std::string relay;                     // as the log shows it: "mx.example[192.0.2.1]:25", "none"
  std::string remote_mta;                // who spoke the diagnostic, "mx.example"; empty: nobody else did
  std::string diagnostic;  // its words with their type, "smtp; 550 5.1.1 No such user"; empty: ours
  static constexpr auto fields = std::tuple{Field{"number", &DeliveryResult::number},
                                            Field{"status", &DeliveryResult::status},
                                            Field{"dsn", &DeliveryResult::dsn},
                                            Field{"text", &DeliveryResult::text},
                                            Field{"arrival", &DeliveryResult::arrival},
                                            Field{"relay", &DeliveryResult::relay},
                                            Field{"remote_mta", &DeliveryResult::remote_mta},
                                            Field{"diagnostic", &DeliveryResult::diagnostic}};
};

struct Delivered {
  std::vector<DeliveryResult> results;  // one for each recipient
  // The destination could not be reached, or did not want to talk: with a dsn, this counts against it, and mail for
  // it may wait without being tried. A refusal of a message or of a recipient is none.
  std::string site_dsn;
  std::string site_text;
  static constexpr std::string_view name = "delivered";
  static constexpr auto fields =
      std::tuple{Field{"result", &Delivered::results}, Field{"site_dsn", &Delivered::site_dsn},
                 Field{"site_text", &Delivered::site_text}};
};

using DeliverCall = Call<Deliver, Delivered>;

}  // namespace postern::ipc
