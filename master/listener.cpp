#include "master/listener.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace postern::master {

namespace {

constexpr mode_t kSocketMode = 0666;  // its directory says who may come so far
constexpr mode_t kFifoMode = 0622;    // of triggers; Postfix's mode: written by all, read by its owner
constexpr int kMostAside = 10000;

std::string path_of(const net::Endpoint& endpoint) {
  if (endpoint.storage.ss_family != AF_UNIX) return "";
  return reinterpret_cast<const sockaddr_un&>(endpoint.storage).sun_path;
}

bool is_of(const Address& address, Type type) {
  return address.key.starts_with(concat(config::name_of(type), ":"));
}

// What a master left that was killed. Anything else in our way is somebody's, and stays.
void remove_stale(const std::string& path) {
  struct stat old {};
  if (::lstat(path.c_str(), &old) == 0 && (S_ISSOCK(old.st_mode) || S_ISFIFO(old.st_mode))) {
    ::unlink(path.c_str());
  }
}

// A name in the same directory that nobody has, short enough for a socket.
Result<std::string> name_aside(const std::string& path) {
  for (int number = 0; number < kMostAside; ++number) {
    std::string name = concat(path.substr(0, path.rfind('/') + 1), ".new.", number);
    struct stat found {};
    if (::lstat(name.c_str(), &found) != 0 && errno == ENOENT) return name;
  }
  return fail(Errc::full, concat("no free name beside ", path));
}

Result<Fd> open_datagram(const net::Endpoint& endpoint, const std::string& path) {
  Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("create a socket", errno);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&endpoint.storage), endpoint.length) != 0) {
    return fail_errno(concat("bind ", path), errno);
  }
  return fd;
}

Result<Fd> open_fifo(const std::string& path) {
  if (::mkfifo(path.c_str(), kFifoMode) != 0) return fail_errno(concat("create FIFO ", path), errno);
  Fd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno(concat("open FIFO ", path), errno);
  struct stat found {};
  if (::fstat(fd.get(), &found) != 0 || !S_ISFIFO(found.st_mode)) {
    return fail(Errc::invalid, concat("open FIFO ", path, ": not a FIFO"));
  }
  return fd;
}

Result<Fd> open_at(const Address& address, const net::Endpoint& endpoint, const std::string& path,
                   int backlog) {
  if (path.empty()) return net::listen_on(endpoint, backlog);
  remove_stale(path);
  if (is_of(address, Type::fifo)) return open_fifo(path);
  if (is_of(address, Type::unix_dgram)) return open_datagram(endpoint, path);
  return net::listen_on(endpoint, backlog);
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// Nobody who has it gets another connection. A FIFO has none, and its children are told to leave.
void end(Listener& listener) {
  ::shutdown(listener.fd.get(), SHUT_RDWR);
  listener.fd.reset();
}

}  // namespace

Result<Listener> open_listener(const Address& address, int backlog, Place place) {
  Listener listener{address.key, path_of(address.endpoint), Fd()};
  std::string path = listener.path;
  net::Endpoint endpoint = address.endpoint;
  if (place == Place::taken) {
    auto aside = name_aside(path);
    if (!aside) return fail(aside.error());
    auto other = net::Endpoint::unix_path(*aside);
    if (!other) return fail(other.error());
    listener.aside = path = std::move(*aside);
    endpoint = *other;
  }
  auto fd = open_at(address, endpoint, path, backlog);
  if (!fd) return fail(fd.error());
  listener.fd = std::move(*fd);
  const mode_t mode = is_of(address, Type::fifo) ? kFifoMode : kSocketMode;
  if (!path.empty() && ::chmod(path.c_str(), mode) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    return fail_errno(concat("chmod ", path), error);
  }
  return listener;
}

void take_place(Listener& listener) {
  if (listener.aside.empty()) return;
  if (::rename(listener.aside.c_str(), listener.path.c_str()) != 0) {
    log_warning(fail_errno(concat("rename ", listener.aside, " to ", listener.path), errno).value().text);
  }
  listener.aside.clear();
}

void close_listener(Listener& listener) {
  end(listener);
  const std::string& path = listener.aside.empty() ? listener.path : listener.aside;
  if (!path.empty()) ::unlink(path.c_str());
}

void close_unless_kept(Listener& listener, const std::vector<std::string>& kept) {
  if (contains(kept, listener.key)) return;
  if (!listener.path.empty() && contains(kept, listener.path)) return end(listener);
  close_listener(listener);
}

NewListeners::~NewListeners() {
  for (const std::size_t index : opened_) close_listener(listeners_[index]);
}

void NewListeners::add_opened(Listener listener) {
  opened_.push_back(listeners_.size());
  listeners_.push_back(std::move(listener));
}

std::vector<Listener> NewListeners::take() {
  for (const std::size_t index : opened_) take_place(listeners_[index]);
  opened_.clear();
  return std::exchange(listeners_, {});
}

}  // namespace postern::master
