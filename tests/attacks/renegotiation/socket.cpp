#include "tests/attacks/renegotiation/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace attack {

namespace {

constexpr std::size_t kLongestLine = 64 * 1024;

void limit_waits(int fd, std::chrono::milliseconds patience) {
  const timeval limit{patience.count() / 1000, (patience.count() % 1000) * 1000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

std::string Channel::line() {
  std::size_t end = 0;
  while ((end = buffer_.find('\n')) == std::string::npos) {
    if (buffer_.size() > kLongestLine) throw Gone("a line without end");
    buffer_ += some();
  }
  std::string found = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  if (!found.empty() && found.back() == '\r') found.pop_back();
  return found;
}

std::string Channel::bytes(std::size_t size) {
  while (buffer_.size() < size) buffer_ += some();
  std::string found = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return found;
}

std::string Channel::reply() {
  std::string all;
  for (;;) {
    const std::string one = line();
    all += (all.empty() ? "" : "\n") + one;
    if (one.size() < 4 || one[3] != '-') return all;
  }
}

std::string Channel::ask(std::string_view text) {
  write(std::string(text) + "\r\n");
  return reply();
}

Socket::Socket(int fd, std::chrono::milliseconds patience) : fd_(fd) { limit_waits(fd_, patience); }

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

Socket Socket::connect(const std::string& host, std::uint16_t port, std::chrono::milliseconds patience) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found) != 0) {
    throw Unable("no address of " + host);
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    Socket made(::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), patience);
    if (::connect(made.fd(), one->ai_addr, one->ai_addrlen) == 0) return made;
  }
  throw Unable("cannot connect to " + host + " port " + std::to_string(port) + ": " + std::strerror(errno));
}

void Socket::write(std::string_view data) {
  while (!data.empty()) {
    const ssize_t n = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
    if (n <= 0) throw Gone("the connection is closed");
    data.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string Socket::some() {
  char data[16 * 1024];
  const ssize_t n = ::recv(fd_, data, sizeof data, 0);
  if (n < 0 && errno == EAGAIN) throw Gone("nothing comes");
  if (n <= 0) throw Gone("the connection is closed");
  return std::string(data, static_cast<std::size_t>(n));
}

void Socket::end() { ::shutdown(fd_, SHUT_RDWR); }

Listener::Listener(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd_, generic, size) != 0 || ::listen(fd_, 16) != 0 || ::getsockname(fd_, generic, &size) != 0) {
    throw Unable(std::string("cannot listen: ") + std::strerror(errno));
  }
  port_ = ntohs(address.sin_port);
}

Listener::~Listener() { ::close(fd_); }

void Listener::limit(std::chrono::milliseconds wait) const { limit_waits(fd_, wait); }

Socket Listener::accept(std::chrono::milliseconds patience) const {
  const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) throw Gone("nobody comes");
  return {fd, patience};
}

}  // namespace attack
