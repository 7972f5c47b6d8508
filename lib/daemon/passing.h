// Services of type pass: a connection brings a session that somebody else has accepted.
#pragma once

#include <memory>
#include <optional>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/ipc/messages/handed_over.h"
#include "lib/net/loop.h"
#include "lib/net/socket.h"
#include "lib/net/task.h"

namespace postern::daemon {

// What the message of a connection brings (contract.h).
struct Passed {
  std::optional<net::Accepted> session;    // nothing: it was kWakeup
  std::unique_ptr<ipc::HandedOver> state;  // of a session that has begun; its descriptor is with `session`
  Fd channel;                              // the connection, where reports about such a session go
};

// Waits for the message, at most kPassLimit, and lets the connection go unless the session has begun. The peer of such a
// session is the client that its state names. Fails with timeout, lost (closed before the message was whole), too_long, or
// invalid: no or more than one descriptor, something else than a connected stream socket, bytes of no meaning, a state
// that cannot be one.
net::Task<Result<Passed>> receive_passed(net::Loop& loop, Fd connection);

}  // namespace postern::daemon
