// A service as master.cf asks for it, once everything about it is known: the input of every decision.
#pragma once

#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/config/service.h"
#include "lib/daemon/service_report.h"
#include "lib/net/socket.h"

namespace postern::master {

using Type = config::SocketType;

// Something to listen on. Two of the same key are the same socket.
struct Address {
  // "inet:127.0.0.1:25", "inet:[::1]:25", "unix:public/qmgr", "fifo:public/pickup": its type is a part of it.
  std::string key;
  net::Endpoint endpoint;
  bool operator==(const Address& other) const { return key == other.key; }
};

struct Service {
  std::string name;  // as in the first field: "smtp", "127.0.0.1:10025", "qmgr"
  Type type = Type::inet;
  bool is_private = true;
  bool unprivileged = true;
  bool chroot = false;
  seconds wakeup{0};            // 0: never
  bool wakeup_if_used = false;  // wakeup with a question mark
  unsigned limit = 0;           // processes at a time; 0: any number
  std::string program;          // "smtpd"
  std::vector<std::string> arguments;
  bool debug = false;    // -D: its processes may stand still in a debugger
  std::size_t line = 0;  // in master.cf
  std::string fault;     // why its program cannot run, "PATH: No such file or directory"; empty: it can
  std::vector<Address> addresses;

  // What makes it the same service after an edit: its type and where it listens.
  std::string identity() const;
};

// As Postfix's log names it beside the name: "25", "127.0.0.1:10025", "private/lmtp".
std::string short_address(const Service& service);
// All addresses, separated by blanks.
std::string addresses_in_words(const Service& service);
// True when the entry itself names a loopback address.
bool names_loopback(const Service& service);
// The part of the report that master.cf decides.
void fill_in(daemon::ServiceReport& report, const Service& service);

// A process of it may exist once only: the next one waits until the one before has left.
inline bool is_single(const Service& service) { return service.limit == 1; }

}  // namespace postern::master
