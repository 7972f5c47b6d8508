#include "master/listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/text.h"

namespace postern::master {

namespace {

constexpr mode_t kSocketMode = 0666;  // its directory says who may come so far

std::string path_of(const net::Endpoint& endpoint) {
  if (endpoint.storage.ss_family != AF_UNIX) return "";
  return reinterpret_cast<const sockaddr_un&>(endpoint.storage).sun_path;
}

Result<Fd> open_datagram(const net::Endpoint& endpoint, const std::string& path) {
  Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("create a socket", errno);
  struct stat old {};
  if (::lstat(path.c_str(), &old) == 0 && S_ISSOCK(old.st_mode)) ::unlink(path.c_str());
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&endpoint.storage), endpoint.length) != 0) {
    return fail_errno(concat("bind ", path), errno);
  }
  return fd;
}

}  // namespace

Result<Listener> open_listener(const Address& address, int backlog) {
  const std::string path = path_of(address.endpoint);
  const bool datagrams = address.key.rfind("unix-dgram:", 0) == 0;
  auto fd = datagrams ? open_datagram(address.endpoint, path) : net::listen_on(address.endpoint, backlog);
  if (!fd) return fail(fd.error());
  if (!path.empty() && ::chmod(path.c_str(), kSocketMode) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    return fail_errno(concat("chmod ", path), error);
  }
  return Listener{address.key, path, std::move(*fd)};
}

void close_listener(Listener& listener) {
  ::shutdown(listener.fd.get(), SHUT_RDWR);
  listener.fd.reset();
  if (!listener.path.empty()) ::unlink(listener.path.c_str());
}

NewListeners::~NewListeners() {
  for (const std::size_t index : opened_) close_listener(listeners_[index]);
}

void NewListeners::add_opened(Listener listener) {
  opened_.push_back(listeners_.size());
  listeners_.push_back(std::move(listener));
}

std::vector<Listener> NewListeners::take() {
  opened_.clear();
  return std::exchange(listeners_, {});
}

}  // namespace postern::master
