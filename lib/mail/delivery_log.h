// The log line of a delivery attempt, in the one shape that log parsers know.
#pragma once

#include <cstdint>
#include <string_view>

namespace postern::mail {

// One attempt for one recipient. Times are wall microseconds.
struct Attempt {
  std::string_view queue_id;
  std::string_view address;
  std::string_view original;   // before rewriting; empty: the same
  std::string_view relay;      // "local", "none", "host[192.0.2.1]:25"
  unsigned uses = 1;           // messages over this connection so far
  std::int64_t arrived = 0;    // in the queue
  std::int64_t activated = 0;  // taken up by qmgr
  std::int64_t begun = 0;      // taken up by the agent
  std::int64_t connected = 0;  // the relay was ready for the message
  std::int64_t ended = 0;
  std::string_view dsn;     // enhanced status code
  std::string_view status;  // "sent", "deferred" or "bounced"
  std::string_view text;
};

// "QID: to=<a>[, orig_to=<b>], relay=R[, conn_use=N], delay=T, delays=a/b/c/d, dsn=D, status=S (TEXT)". orig_to is there when it
// differs by more than case, conn_use from the second message on. A clock that went back shows as 0.
void log_delivery(const Attempt& attempt);

}  // namespace postern::mail
