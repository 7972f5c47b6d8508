// cleanup asks qmgr: store this canonical message. The answer, an Outcome, comes after the commit that holds
// it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/ipc/codec.h"
#include "lib/ipc/messages/envelope.h"
#include "lib/ipc/messages/submit.h"

namespace postern::ipc {

struct Enqueue {
  std::int64_t queue_id = 0;
  std::string sender;
  std::vector<Recipient> recipients;
  std::vector<Recipient>
      expanded;  // aliases of several of them, whose sender wants to hear of success (RFC 3461 5.2.7)
  std::int64_t arrived = 0;  // wall microseconds
  std::int64_t size = 0;     // bytes of the content, spooled part included
  std::string body_type;
  bool smtputf8 = false;
  std::string envid;
  std::string ret;
  bool spooled = false;
  SmtpClient client;
  Source source = Source::remote;
  Purpose purpose = Purpose::deliver;
  bool hold = false;
  std::string filter;  // transport:nexthop through which all of it goes; empty: none
  Settles settles;
  std::vector<std::int64_t> settled;
  std::string message_id;  // for listings
  std::string subject;     // unfolded, cut
  std::string content;     // lines end in LF
  static constexpr std::string_view name = "enqueue";
  static constexpr auto fields = std::tuple{Field{"queue_id", &Enqueue::queue_id},
                                            Field{"sender", &Enqueue::sender},
                                            Field{"recipient", &Enqueue::recipients},
                                            Field{"expanded", &Enqueue::expanded},
                                            Field{"arrived", &Enqueue::arrived},
                                            Field{"size", &Enqueue::size},
                                            Field{"body_type", &Enqueue::body_type},
                                            Field{"smtputf8", &Enqueue::smtputf8},
                                            Field{"envid", &Enqueue::envid},
                                            Field{"ret", &Enqueue::ret},
                                            Field{"spooled", &Enqueue::spooled},
                                            Field{"client", &Enqueue::client},
                                            Field{"source", &Enqueue::source},
                                            Field{"purpose", &Enqueue::purpose},
                                            Field{"hold", &Enqueue::hold},
                                            Field{"filter", &Enqueue::filter},
                                            Field{"settles", &Enqueue::settles},
                                            Field{"settled", &Enqueue::settled},
                                            Field{"message_id", &Enqueue::message_id},
                                            Field{"subject", &Enqueue::subject}};
  static constexpr auto body = &Enqueue::content;
};

using EnqueueCall = Call<Enqueue, Outcome>;

}  // namespace postern::ipc
