// The wakeup time of master.cf: how a service learns that it has come.
#pragma once

#include "lib/net/loop.h"
#include "lib/net/socket.h"
#include "lib/net/task.h"
#include "master/service.h"

namespace postern::master {

// Sends daemon::kWakeup to a service of this type: on a connection of its own, as a datagram, or into the FIFO
// that `listener` is. Never waits long; what cannot be sent is not: a service that is too busy to be woken is awake.
net::Task<void> wake(net::Loop& loop, Type type, net::Endpoint endpoint, int listener);

}  // namespace postern::master
