// What the sessions of a process use together. It outlives them all.
#pragma once

#include <cstdint>
#include <string>

#include "lib/daemon/own_page.h"
#include "lib/daemon/tls_counters.h"
#include "lib/ipc/client.h"
#include "lib/mail/queue_id.h"
#include "lib/net/loop.h"
#include "lib/table/resolve.h"
#include "smtpd/handshake_rate.h"
#include "smtpd/load.h"
#include "smtpd/peer.h"
#include "smtpd/policy.h"
#include "smtpd/roster.h"
#include "smtpd/setup.h"

namespace postern::smtpd {

class Conversation;

struct Shared {
  net::Loop& loop;
  const Setup& setup;
  const table::Resolver& resolver;
  const Policy& policy;
  const HostNames& names;
  ipc::Client& cleanup;
  ipc::Client& qmgr;
  mail::QueueIdSource& ids;
  daemon::Counter accepted{}, rejected{}, bytes{}, timed_out{}, shed{}, load_step{};
  daemon::TlsCounters tls{};

  bool is_passed = false;  // sessions come from somebody who may hold the socket for a moment yet
  Load load = setup.load_limits;
  HandshakeRate handshakes{*setup.access.rate_time_unit};
  Roster<Conversation> sessions{};
  bool stopping = false;   // the process leaves: no new transaction
  bool disk_full = false;  // it was, when content was last written: said once
  std::string block{};     // content on its way to a file; empty between two uses

  // Sessions came or went: their limits may change, and the log may have to say so.
  void follow_load(int more);
  void show_load();
};

}  // namespace postern::smtpd
