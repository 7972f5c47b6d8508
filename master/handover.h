// Everything that a master knows and its successor in the same process must know: what is carried over an exec. It
// is written as CBOR (RFC 8949), since names and texts may hold any byte; docs/formats/handover.md lists the fields.
// Descriptors are numbers that stay open over the exec.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/config/texts.h"
#include "lib/daemon/contract.h"
#include "master/service.h"

namespace postern::master {

struct HandedChild {
  pid_t pid = -1;
  unsigned slot = 0;
  std::uint32_t generation = 0;
  std::int64_t age = 0;  // milliseconds
  int status = -1, errors = -1;
  daemon::State state = daemon::State::starting;
  bool was_available = false, was_busy = false, was_told = false;
  std::string last_words;
};

struct HandedListener {
  std::string key, path;
  int fd = -1;
};

struct HandedService {
  Service service;          // its addresses as keys, without endpoints
  std::string counts;       // the report of the scoreboard, as lines
  bool was_used = false;    // for wakeup times with a question mark
  bool is_retired = false;  // removed from master.cf; its processes finish
  std::vector<HandedListener> listeners;
  std::vector<HandedChild> children;
};

struct Handover {
  // Whoever changes the meaning of a field raises it; a master that does not know the number does not take over.
  static constexpr int kVersion = 1;

  std::string directory;           // of the configuration
  std::string main_cf, master_cf;  // the texts in force
  std::uint32_t generation = 0;
  int scoreboard = -1, pid_lock = -1, data_lock = -1, log = -1, tickets = -1;
  bool log_is_syslog = false;
  std::size_t log_unsaid = 0;  // lines of which nobody has heard yet, not even that they are lost
  std::vector<HandedService> services;
};

std::string format_handover(const Handover& handover);
// Fails with invalid; the text says what is missing or of another version. Unknown fields are passed over.
Result<Handover> parse_handover(std::string_view text);

// All descriptors that it names.
std::vector<int> descriptors_of(const Handover& handover);

// The text in memory that an exec keeps, read from its beginning by whoever gets the descriptor.
Result<Fd> write_handover(const Handover& handover);
Result<Handover> read_handover(int fd);

}  // namespace postern::master
