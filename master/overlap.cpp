#include "master/overlap.h"

#include <sys/socket.h>

namespace postern::master {

namespace {

constexpr std::string_view kInet = "inet:";
constexpr std::string_view kAnyV4 = "inet:0.0.0.0:";
constexpr std::string_view kAnyV6 = "inet:[::]:";

bool is_inet(std::string_view key) { return key.starts_with(kInet); }
bool is_v6(std::string_view key) { return key.starts_with("inet:["); }
std::string_view port_of(std::string_view key) { return key.substr(key.rfind(':') + 1); }

void share_port(int fd, bool shared) {
  const int value = shared ? 1 : 0;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &value, sizeof value);
}

// Only as long as the new socket is bound: afterwards the port is as closed to others as it was.
class Shared {
 public:
  explicit Shared(const std::vector<const Listener*>& own) : own_(own) { set(true); }
  ~Shared() { set(false); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

 private:
  void set(bool shared) const {
    for (const Listener* listener : own_) share_port(listener->fd.get(), shared);
  }
  const std::vector<const Listener*>& own_;
};

}  // namespace

bool is_wildcard(const std::string& key) { return key.starts_with(kAnyV4) || key.starts_with(kAnyV6); }

bool overlap(const std::string& a, const std::string& b) {
  return is_inet(a) && is_inet(b) && a != b && is_v6(a) == is_v6(b) && port_of(a) == port_of(b) &&
         (is_wildcard(a) || is_wildcard(b));
}

Result<Listener> open_beside(const Address& address, int backlog, const std::vector<const Listener*>& own) {
  const Shared shared(own);
  auto fd = net::listen_on(address.endpoint, backlog, net::Port::shared);
  if (!fd) return fail(fd.error());
  share_port(fd->get(), false);
  return Listener{address.key, "", std::move(*fd)};
}

}  // namespace postern::master
