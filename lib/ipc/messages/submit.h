// smtpd and pickup ask cleanup: take this message into the queue. The answer comes when the message is on
// disk, or will never be.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/fd.h"
#include "lib/ipc/codec.h"
#include "lib/ipc/messages/envelope.h"

namespace postern::ipc {

struct Submit {
  std::int64_t queue_id = 0;
  std::string sender;  // empty: the null sender
  std::vector<Recipient> recipients;
  std::int64_t arrived = 0;  // wall microseconds: when the transaction began
  std::int64_t size = 0;     // bytes as received, line endings counted as CRLF
  SmtpClient client;
  bool encrypted = false;  // it came over TLS
  std::string tls;         // what Received says of that, in lines; empty: nothing
  std::int64_t uid = -1;   // of who submitted it on this host
  Source source = Source::remote;
  Purpose purpose = Purpose::deliver;
  bool hold = false;  // nothing is delivered before it is released
  std::string
      filter;  // transport:nexthop through which all of it goes first: content_filter of the receiving service
  bool as_addressed = false;  // no_address_mappings: no canonical form, no aliases, no copies
  bool unchecked = false;     // no_header_body_checks
  Settles settles;
  std::vector<std::int64_t> settled;  // recipients of that message, by number
  std::string body_type;              // BODY=, empty: not given
  bool smtputf8 = false;
  std::string envid;     // ENVID=, as given
  std::string ret;       // RET=, as given
  bool spooled = false;  // the content goes on in the spool file that qmgr opened for this queue id
  std::string content;   // from the first header on, lines end in LF; all of it unless spooled
  Fd spool;  // the spool file, open for reading and writing, so that checks see what is there; may be missing
  static constexpr std::string_view name = "submit";
  static constexpr auto fields = std::tuple{Field{"queue_id", &Submit::queue_id},
                                            Field{"sender", &Submit::sender},
                                            Field{"recipient", &Submit::recipients},
                                            Field{"arrived", &Submit::arrived},
                                            Field{"size", &Submit::size},
                                            Field{"client", &Submit::client},
                                            Field{"encrypted", &Submit::encrypted},
                                            Field{"tls", &Submit::tls},
                                            Field{"uid", &Submit::uid},
                                            Field{"source", &Submit::source},
                                            Field{"purpose", &Submit::purpose},
                                            Field{"hold", &Submit::hold},
                                            Field{"filter", &Submit::filter},
                                            Field{"as_addressed", &Submit::as_addressed},
                                            Field{"unchecked", &Submit::unchecked},
                                            Field{"settles", &Submit::settles},
                                            Field{"settled", &Submit::settled},
                                            Field{"body_type", &Submit::body_type},
                                            Field{"smtputf8", &Submit::smtputf8},
                                            Field{"envid", &Submit::envid},
                                            Field{"ret", &Submit::ret},
                                            Field{"spooled", &Submit::spooled}};
  static constexpr auto body = &Submit::content;
  static constexpr auto descriptor = &Submit::spool;
};

// What to tell the client: a reply code, an enhanced status code (RFC 3463) and a text.
struct Outcome {
  int code = 451;
  std::string dsn = "4.3.0";
  std::string text;
  static constexpr std::string_view name = "outcome";
  static constexpr auto fields =
      std::tuple{Field{"code", &Outcome::code}, Field{"dsn", &Outcome::dsn}, Field{"text", &Outcome::text}};
};

inline Outcome outcome(int code, std::string dsn, std::string text) {
  Outcome result;
  result.code = code;
  result.dsn = std::move(dsn);
  result.text = std::move(text);
  return result;
}

using SubmitCall = Call<Submit, Outcome>;

}  // namespace postern::ipc
