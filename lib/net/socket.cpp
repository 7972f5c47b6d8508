#include "lib/net/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/base/text.h"
#include "lib/net/readiness.h"
#include "lib/net/wait.h"

namespace postern::net {

namespace {

template <class T>
T& as(sockaddr_storage& storage) {
  return reinterpret_cast<T&>(storage);
}
template <class T>
const T& as(const sockaddr_storage& storage) {
  return reinterpret_cast<const T&>(storage);
}

const sockaddr* generic(const Endpoint& endpoint) { return &as<sockaddr>(endpoint.storage); }

std::string name_of(const Endpoint& endpoint) {
  if (endpoint.storage.ss_family == AF_UNIX) return as<sockaddr_un>(endpoint.storage).sun_path;
  return concat("[", endpoint.address(), "]:", endpoint.port());
}

}  // namespace

bool Endpoint::is_inet() const { return storage.ss_family == AF_INET || storage.ss_family == AF_INET6; }

std::optional<InetAddress> Endpoint::inet() const {
  if (storage.ss_family == AF_INET) return InetAddress::v4(&as<sockaddr_in>(storage).sin_addr);
  if (storage.ss_family == AF_INET6) return InetAddress::v6(&as<sockaddr_in6>(storage).sin6_addr);
  return std::nullopt;
}

std::string Endpoint::address() const {
  const auto numbers = inet();
  return numbers ? numbers->text() : "unknown";
}

Endpoint Endpoint::of(const InetAddress& address, unsigned port) {
  Endpoint endpoint;
  if (address.is_v4()) {
    auto& v4 = as<sockaddr_in>(endpoint.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<std::uint16_t>(port));
    std::memcpy(&v4.sin_addr, address.four(), sizeof v4.sin_addr);
    endpoint.length = sizeof v4;
  } else {
    auto& v6 = as<sockaddr_in6>(endpoint.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<std::uint16_t>(port));
    std::memcpy(&v6.sin6_addr, address.bytes.data(), sizeof v6.sin6_addr);
    endpoint.length = sizeof v6;
  }
  return endpoint;
}

unsigned Endpoint::port() const {
  if (storage.ss_family == AF_INET) return ntohs(as<sockaddr_in>(storage).sin_port);
  if (storage.ss_family == AF_INET6) return ntohs(as<sockaddr_in6>(storage).sin6_port);
  return 0;
}

Result<Endpoint> Endpoint::parse(std::string_view address, unsigned port) {
  Endpoint endpoint;
  const std::string text(address);
  const bool sane = port <= 65535 && address.find('\0') == std::string_view::npos;
  auto& v4 = as<sockaddr_in>(endpoint.storage);
  auto& v6 = as<sockaddr_in6>(endpoint.storage);
  if (sane && ::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<std::uint16_t>(port));
    endpoint.length = sizeof v4;
    return endpoint;
  }
  if (sane && ::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<std::uint16_t>(port));
    endpoint.length = sizeof v6;
    return endpoint;
  }
  return fail(Errc::invalid, concat("not a numeric address and port: ", address, " ", port));
}

Result<Endpoint> Endpoint::unix_path(std::string_view path) {
  Endpoint endpoint;
  auto& address = as<sockaddr_un>(endpoint.storage);
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(Errc::too_long, concat("socket path of ", path.size(), " bytes: ", path));
  }
  if (path.find('\0') != std::string_view::npos) return fail(Errc::invalid, "socket path with a NUL in it");
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  endpoint.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return endpoint;
}

Result<Fd> listen_on(const Endpoint& endpoint, int backlog, Port port) {
  const int family = endpoint.storage.ss_family;
  Fd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("create a socket", errno);
  const int on = 1;
  if (endpoint.is_inet()) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (port == Port::shared) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  } else {
    struct stat old {};
    const char* path = as<sockaddr_un>(endpoint.storage).sun_path;
    if (::lstat(path, &old) == 0 && S_ISSOCK(old.st_mode)) ::unlink(path);
  }
  if (::bind(fd.get(), generic(endpoint), endpoint.length) != 0 || ::listen(fd.get(), backlog) != 0) {
    return fail_errno(concat("listen on ", name_of(endpoint)), errno);
  }
  return fd;
}

Result<Accepted> accept_from(int listener) {
  Accepted accepted;
  accepted.peer.length = sizeof accepted.peer.storage;
  for (;;) {
    accepted.fd = Fd(::accept4(listener, &as<sockaddr>(accepted.peer.storage), &accepted.peer.length,
                               SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted.fd) return accepted;
    if (errno == EAGAIN) return fail(Errc::busy, "no connection is waiting");
    // What befell the connection before we took it is no error of the listener.
    const bool of_the_client = errno == EINTR || errno == ECONNABORTED || errno == EPROTO || errno == EPERM ||
                               errno == ENETDOWN || errno == ENETUNREACH || errno == EHOSTUNREACH;
    if (!of_the_client) return fail_errno("accept", errno);
  }
}

void keep_little_unsent(int fd) {
  // Twice as much counts, with what the system needs for itself.
  const int size = 16 * 1024;
  static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size));
}

bool has_arrivals(int listener) {
  pollfd question{listener, POLLIN, 0};
  return ::poll(&question, 1, 0) > 0;
}

Task<Result<Fd>> connect_to(Loop& loop, Endpoint endpoint, Deadline deadline) {
  const Endpoint any;
  co_return co_await connect_from(loop, any, endpoint, deadline);
}

Task<Result<Fd>> connect_from(Loop& loop, Endpoint local, Endpoint endpoint, Deadline deadline) {
  Fd fd(::socket(endpoint.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) co_return fail_errno("create a socket", errno);
  if (local.length > 0 && ::bind(fd.get(), generic(local), local.length) != 0) {
    co_return fail_errno(concat("bind to ", name_of(local)), errno);
  }
  if (::connect(fd.get(), generic(endpoint), endpoint.length) == 0) co_return fd;
  // A UNIX socket whose queue is full says EAGAIN, not EINPROGRESS: it is asked again.
  while (errno == EAGAIN) {
    if (loop.now() >= deadline) co_return fail_errno(concat("connect to ", name_of(endpoint)), ETIMEDOUT);
    co_await sleep_until(loop, loop.in(milliseconds(2)));
    if (::connect(fd.get(), generic(endpoint), endpoint.length) == 0) co_return fd;
  }
  if (errno != EINPROGRESS) co_return fail_errno(concat("connect to ", name_of(endpoint)), errno);
  Readiness readiness(loop, fd.get());
  const bool ready = co_await readiness.writable(deadline);
  if (!ready) co_return fail_errno(concat("connect to ", name_of(endpoint)), ETIMEDOUT);
  int problem = 0;
  socklen_t length = sizeof problem;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &problem, &length);
  if (problem != 0) co_return fail_errno(concat("connect to ", name_of(endpoint)), problem);
  co_return fd;
}

Endpoint local_endpoint(int fd) {
  Endpoint endpoint;
  endpoint.length = sizeof endpoint.storage;
  if (::getsockname(fd, &as<sockaddr>(endpoint.storage), &endpoint.length) != 0) endpoint.length = 0;
  return endpoint;
}

Endpoint peer_endpoint(int fd) {
  Endpoint endpoint;
  endpoint.length = sizeof endpoint.storage;
  if (::getpeername(fd, &as<sockaddr>(endpoint.storage), &endpoint.length) != 0) endpoint.length = 0;
  return endpoint;
}

int peer_user(int fd) {
  ucred who{};
  socklen_t length = sizeof who;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length) != 0) return -1;
  return static_cast<int>(who.uid);
}

ssize_t send_with(int fd, std::string_view data, const std::vector<int>& descriptors) {
  if (descriptors.size() > kMostDescriptors) {
    errno = EINVAL;
    return -1;
  }
  iovec part{const_cast<char*>(data.data()), data.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(kMostDescriptors * sizeof(int))];
  if (!descriptors.empty()) {
    const std::size_t size = descriptors.size() * sizeof(int);
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(size);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(header), descriptors.data(), size);
  }
  ssize_t n = 0;
  do {
    n = ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  return n;
}

ssize_t receive_with(int fd, char* data, std::size_t size, std::vector<Fd>& descriptors) {
  iovec part{data, size};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(kMostDescriptors * sizeof(int))];
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n = 0;
  do {
    n = ::recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return n;
  const std::size_t before = descriptors.size();
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(header) + i * sizeof(int), sizeof number);
      descriptors.emplace_back(number);
    }
  }
  if ((message.msg_flags & MSG_CTRUNC) != 0) {
    descriptors.resize(before);
    errno = EMFILE;
    return -1;
  }
  return n;
}

}  // namespace postern::net
