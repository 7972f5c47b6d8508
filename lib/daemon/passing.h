// Services of type pass: a connection brings a session that somebody else has accepted.
#pragma once

#include <optional>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/net/loop.h"
#include "lib/net/socket.h"
#include "lib/net/task.h"

namespace postern::daemon {

// What the one message of a connection brings.
struct Passed {
  std::optional<net::Accepted> session;  // nothing: it was kWakeup
  // The place for the state of a session that is handed over in the middle: it will come behind the first byte of
  // the message, which tells its kind. So far there is one kind, kPassedSession, which has none.
};

// Waits for the message, at most kPassLimit (see contract.h), and lets the connection go. Fails with timeout, lost
// (closed without a message), or invalid: no or more than one descriptor, something else than a connected stream
// socket, bytes of no meaning.
net::Task<Result<Passed>> receive_passed(net::Loop& loop, Fd connection);

}  // namespace postern::daemon
