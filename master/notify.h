// What master tells the service manager that started it (systemd), in the protocol of sd_notify(3): datagrams of NAME=value
// lines to the socket that NOTIFY_SOCKET names. Nothing waits for the manager: what it does not take now is told with the
// next word. Without a manager nothing happens.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/base/time.h"
#include "lib/net/socket.h"

namespace postern::master {

class Notify {
 public:
  // Reads NOTIFY_SOCKET (an absolute path, or @ and an abstract name), WATCHDOG_USEC and WATCHDOG_PID. The variables stay,
  // for a program that takes our place.
  static Notify from_environment();

  bool is_wanted() const { return static_cast<bool>(fd_); }
  // How often alive() is expected; Duration::max(): never.
  Duration pace() const { return pace_; }

  // Every service listens, after a start or a reload.
  void ready(std::string_view status);
  // A reload begins; ready() says that it is over.
  void reloading();
  // One line for the administrator; the same again is not sent.
  void status(std::string_view text);
  void stopping();
  void alive();

 private:
  void say(std::string text);
  void send_waiting();

  Fd fd_;
  net::Endpoint manager_;
  Duration pace_ = Duration::max();
  std::string status_;
  std::deque<std::string> waiting_;
};

}  // namespace postern::master
