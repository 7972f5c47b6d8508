// Sockets: addresses, listening, connecting, accepting, and the passing of descriptors.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/inet_address.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/net/loop.h"
#include "lib/net/task.h"

namespace postern::net {

// The address of one end of a connection.
struct Endpoint {
  sockaddr_storage storage{};
  socklen_t length = 0;

  // "192.0.2.1", "2001:db8::1" (an IPv4-mapped address as IPv4), "unknown" for other families.
  std::string address() const;
  unsigned port() const;
  bool is_inet() const;
  // Nothing for other families.
  std::optional<InetAddress> inet() const;

  static Endpoint of(const InetAddress& address, unsigned port);  // port: at most 65535
  // From numbers: "192.0.2.1" or "2001:db8::1". Fails with invalid.
  static Result<Endpoint> parse(std::string_view address, unsigned port);
  // A UNIX socket's path. Fails with too_long; invalid (a NUL in it).
  static Result<Endpoint> unix_path(std::string_view path);
};

struct Accepted {
  Fd fd;  // non-blocking, close-on-exec
  Endpoint peer;
};

// Whether a port is for one socket alone, or also for others of this user that say `shared` (SO_REUSEPORT).
enum class Port { own, shared };

// A listening socket, non-blocking, close-on-exec. Inet: SO_REUSEADDR, TCP_NODELAY (which accepted sockets
// inherit), IPv6 only for v6 addresses. UNIX: an old socket file in its place is removed. Fails with io or
// denied.
Result<Fd> listen_on(const Endpoint& endpoint, int backlog, Port port = Port::own);

// Accepts one connection; busy when there is none now. Fails with full when descriptors or memory ran out.
Result<Accepted> accept_from(int listener);

// For a server whose replies are short: the system takes only a few KiB of them that the peer has not taken yet.
void keep_little_unsent(int fd);

// Whether accept_from() would return a connection now.
bool has_arrivals(int listener);

// Connects. Fails with timeout, or as connect(2): not_found (no socket of that name), io (refused), ….
Task<Result<Fd>> connect_to(Loop& loop, Endpoint endpoint, Deadline deadline);
// The same from an address of ours, whose port is 0. Fails also as bind(2).
Task<Result<Fd>> connect_from(Loop& loop, Endpoint local, Endpoint endpoint, Deadline deadline);

Endpoint local_endpoint(int fd);
Endpoint peer_endpoint(int fd);
// The user id of the process at the other end of a UNIX socket, or -1.
int peer_user(int fd);

constexpr std::size_t kMostDescriptors = 8;  // in one message

// sendmsg(2) without waiting, with descriptors when there are any. As send: the number of bytes, or -1 and
// errno (EINVAL: more than kMostDescriptors).
ssize_t send_with(int fd, std::string_view data, const std::vector<int>& descriptors);
// recvmsg(2) without waiting; received descriptors are close-on-exec and appended. -1 and EMFILE when some
// were lost, because too many came at once or we may not have more: the bytes beside them are lost too, and
// nobody can say which message they belonged to.
ssize_t receive_with(int fd, char* data, std::size_t size, std::vector<Fd>& descriptors);

}  // namespace postern::net
