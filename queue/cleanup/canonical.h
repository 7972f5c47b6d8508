// The canonical form of a message: what the queue holds and every recipient gets. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/ipc/messages/submit.h"
#include "lib/mail/header.h"
#include "queue/cleanup/header_addresses.h"

namespace postern::cleanup {

// What the form depends on besides the message.
struct House {
  std::string hostname;                // myhostname
  std::string mail_name;               // as Received names us
  std::vector<std::string> drop;       // message_drop_headers
  std::string undisclosed_recipients;  // a header for mail without any recipient header; empty: none is added
  std::size_t hopcount_limit = 50;
  mail::HeaderLimits header_limits;
};

// Whether missing Date, From and Message-Id are added: to mail that begins its way here (RFC 6409 8), not to
// mail that others hand on.
enum class Origin { ours, foreign };

struct Canonical {
  std::string content;
  std::string message_id;  // as the log has it; empty: there is none
  std::string resent_message_id;
  std::string subject;  // on one line, cut
};

// Puts `received` in front, adds what is missing, leaves out what must not travel (message_drop_headers), puts edited
// fields in the place of what they were, and makes sure that an empty line parts header and body. Of a spooled message
// the content may end within the header block: then nothing is put behind it. `sender` is canonical. Fails with
// too_long when the message has been through too many hosts (RFC 5321 6.3). `now` is wall time in microseconds.
struct Making {
  std::string_view received;
  std::string_view sender;
  Origin origin = Origin::foreign;
  std::string_view id;
  std::int64_t now = 0;
};
Result<Canonical> make_canonical(const ipc::Submit& submitted, const House& house, const Making& making,
                                 const Edits& edits = {});

// The Received field (RFC 5321 4.4), with its last LF.
std::string received_field(const ipc::Submit& submitted, const House& house, std::string_view id,
                           std::int64_t now);

}  // namespace postern::cleanup
