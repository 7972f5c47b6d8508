// From an address to a session that is ready for a message: connect, greeting, EHLO, STARTTLS, AUTH.
#pragma once

#include <memory>
#include <string>

#include "lib/net/task.h"
#include "lib/net/tls.h"
#include "smtp/cache.h"
#include "smtp/destination.h"
#include "smtp/history.h"
#include "smtp/host.h"
#include "smtp/names.h"
#include "smtp/session.h"
#include "smtp/setup.h"
#include "smtp/tls_policy.h"
#include "smtp/trouble.h"

namespace postern::smtp {

// What all deliveries share.
struct Shop {
  const Setup& setup;
  net::Loop& loop;
  Names& names;
  Cache& cache;
  const net::TlsClient* tls = nullptr;  // null: without TLS
  History* history = nullptr;           // null: what servers had before is not known
};

// The session that a delivery wants. What is pointed at outlives the opening.
struct Wanted {
  const Destination* destination = nullptr;
  const Host* host = nullptr;
  std::string queue_id, sender;
  microseconds waited{};           // since the message came, before this attempt
  Deadline end = Deadline::max();  // of the delivery to this host
  bool loop_detection = false;
  bool is_best_host = false;
  bool plain = false;  // without TLS, unless it is required
};

struct Opened {
  std::unique_ptr<Session> session;  // there is one if we got as far as the greeting
  Maybe trouble;                     // why it is not ready
  bool connected = false;
};

net::Task<Opened> open_session(Shop& shop, Wanted wanted);

// The one host that a destination "unix:path" has.
struct Hosts;
Hosts local_host(const Setup& setup, const Destination& destination);

// STARTTLS (RFC 3207), or TLS from the start with `wrapped`; logs what came of it. Afterwards EHLO is due again.
// `try_plain` is set when the failure of an attempt that was not required lets a second one go without TLS.
net::Task<Maybe> secure(Session& session, const Shop& shop, const Wanted& wanted, const TlsPolicy& policy,
                        bool wrapped, bool& try_plain);

// Whether what a session that broke within TLS did not deliver may go without TLS: where it is not required, the message
// waits for the second time, and the server's history does not forbid it. Says so in the log if it is a downgrade.
bool goes_plain(const Session& session, const Shop& shop, const Wanted& wanted);

// Logs in (RFC 4954) where smtp_sasl_password_maps has a password and the server offers AUTH.
net::Task<Maybe> log_in(Session& session, const Wanted& wanted);
// Whether smtp_sasl_password_maps has an entry for this delivery.
struct Login {
  std::string user, password;
};
net::Task<tl::expected<std::optional<Login>, Trouble>> find_login(const Setup& setup, const Wanted& wanted);

}  // namespace postern::smtp
