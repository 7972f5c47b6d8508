#include "master/wakeup.h"

#include <sys/socket.h>
#include <unistd.h>

#include "lib/daemon/contract.h"

namespace postern::master {

namespace {

constexpr Duration kLimit = seconds(5);
constexpr std::string_view kByte(&daemon::kWakeup, 1);

void send_datagram(const net::Endpoint& endpoint) {
  const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return;
  ::sendto(fd.get(), kByte.data(), kByte.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&endpoint.storage), endpoint.length);
}

// False when it is full: then there is plenty to be woken by.
bool write_byte(int fifo) { return ::write(fifo, kByte.data(), kByte.size()) == 1; }

}  // namespace

net::Task<void> wake(net::Loop& loop, Type type, net::Endpoint endpoint, int listener) {
  if (type == Type::fifo) {
    write_byte(listener);
  } else if (type == Type::unix_dgram) {
    send_datagram(endpoint);
  } else {
    auto connection = co_await net::connect_to(loop, endpoint, loop.in(kLimit));
    if (connection) net::send_with(connection->get(), kByte, {});
  }
}

}  // namespace postern::master
