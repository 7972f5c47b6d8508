// What stood in the way of a delivery: for the log, for the queue's decision and for notifications.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/wire/reply.h"
#include "smtp/host.h"

namespace postern::smtp {

struct Trouble {
  std::string dsn = "4.0.0";  // 4.x.x: try again; 5.x.x: never
  std::string text;           // for the log and for notifications
  std::string remote_mta;     // who said so; empty: we did
  std::string diagnostic;     // its words with their type, "smtp; 550 5.1.1 No such user"
  bool of_site = true;        // any message to this destination would meet it
  bool loop = false;          // we are the destination ourselves

  bool temporary() const { return dsn.starts_with('4'); }
};

// Nothing: all is well.
using Maybe = std::optional<Trouble>;

// What we found out ourselves.
Trouble trouble(std::string_view dsn, std::string text);
// The same about one message, which does not speak against the destination.
Trouble message_trouble(std::string_view dsn, std::string text);

// "host H[a] said: 550 5.1.1 No (in reply to RCPT TO command)". A reply that is no failure, but was not called for, is a
// protocol error.
Trouble said(const Host& host, const wire::Reply& reply, std::string_view command);
// A server's reply with a text of ours: the reply stands at its end.
Trouble refused(const Host& host, const wire::Reply& reply, std::string text);

// The enhanced status code of a reply as text; "X.0.0" when the server gave none that fits.
std::string dsn_of(const wire::Reply& reply);

}  // namespace postern::smtp
