#include "master/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <ctime>

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace postern::master {

namespace {

constexpr std::size_t kMostWaiting = 16;
constexpr std::size_t kLongestStatus = 500;

std::string_view variable(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

// Nothing when the name has no form that we know.
bool take_address(std::string_view name, net::Endpoint& endpoint) {
  auto& address = reinterpret_cast<sockaddr_un&>(endpoint.storage);
  const bool known = name.size() > 1 && (name.front() == '/' || name.front() == '@');
  if (!known || name.size() >= sizeof address.sun_path) return false;
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path, name.size());
  // The name of an abstract socket is all its bytes, that of a path ends with a zero.
  const bool abstract = name.front() == '@';
  if (abstract) address.sun_path[0] = '\0';
  endpoint.length =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (abstract ? 0 : 1));
  return true;
}

// Half of the time after which the manager would believe us dead.
Duration watchdog_pace() {
  const auto limit = parse_number(variable("WATCHDOG_USEC"));
  const auto whose = variable("WATCHDOG_PID");
  const bool ours = whose.empty() || parse_number(whose) == ::getpid();
  if (!limit || *limit <= 0 || !ours) return Duration::max();
  return std::max<Duration>(microseconds(*limit / 2), milliseconds(1));
}

std::int64_t monotonic_micros() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace

Notify Notify::from_environment() {
  Notify notify;
  const auto name = variable("NOTIFY_SOCKET");
  if (name.empty()) return notify;
  if (!take_address(name, notify.manager_)) {
    log_warning(concat("NOTIFY_SOCKET: not the name of a local socket: ", name));
    return notify;
  }
  notify.fd_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!notify.fd_) log_warning(fail_errno("create a socket for NOTIFY_SOCKET", errno).value().text);
  if (notify.fd_) notify.pace_ = watchdog_pace();
  return notify;
}

void Notify::ready(std::string_view status) {
  status_ = printable(status, kLongestStatus);
  say(concat("READY=1\nMAINPID=", ::getpid(), "\nSTATUS=", status_));
}

void Notify::reloading() {
  say(concat("RELOADING=1\nMONOTONIC_USEC=", monotonic_micros(), "\nSTATUS=reading the configuration"));
}

void Notify::status(std::string_view text) {
  const std::string line = printable(text, kLongestStatus);
  if (line == status_) return send_waiting();
  status_ = line;
  say(concat("STATUS=", status_));
}

void Notify::stopping() { say("STOPPING=1\nSTATUS=finishing what is in hand"); }

void Notify::alive() { say("WATCHDOG=1"); }

void Notify::say(std::string text) {
  if (!is_wanted()) return;
  if (waiting_.size() >= kMostWaiting) waiting_.pop_front();
  waiting_.push_back(std::move(text));
  send_waiting();
}

void Notify::send_waiting() {
  for (; !waiting_.empty(); waiting_.pop_front()) {
    const std::string& text = waiting_.front();
    const auto* to = reinterpret_cast<const sockaddr*>(&manager_.storage);
    const ssize_t sent =
        ::sendto(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT, to, manager_.length);
    if (sent < 0) return;
  }
}

}  // namespace postern::master
