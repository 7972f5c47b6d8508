// The keys of session tickets of an instance: master makes and renews them, in memory that only the processes of services
// with TLS are given, to be read. They are never on a disk, and gone with master; who finds one later reads no ticket with it
// that is older than two of its lifetimes.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/daemon/scoreboard_memory.h"
#include "lib/daemon/shared_text.h"
#include "lib/net/tls_tickets.h"

namespace postern::daemon {

// Two keys, the newest first: tickets of the older one are good for the lifetime of a session yet.
inline constexpr std::size_t kMostTicketKeys = 2;

struct TicketMemory {
  SharedText<1024> text;
};

// Master's side.
class TicketRing {
 public:
  // With a first key. Fails with io.
  static Result<TicketRing> create();
  // That of a master before this one in the same process. Fails with io, invalid.
  static Result<TicketRing> resume(Fd memory);
  int fd() const { return fd_.get(); }
  // The same memory, not to be written to. Fails with io.
  Result<Fd> to_read() const;
  // A new key takes the place of the oldest when the newest is as old as this. To be called now and then.
  void renew(seconds lifetime);

 private:
  std::optional<std::string> keys() const;
  TicketMemory& memory() const;
  Result<void> add_key();
  Fd fd_;
  Mapping memory_;
};

// The side of a service.
class SharedTicketKeys final : public net::TlsTicketKeys {
 public:
  // Maps what the descriptor names, which may be closed afterwards. Fails with io, invalid.
  static Result<std::unique_ptr<SharedTicketKeys>> open(int fd);
  std::vector<net::TlsTicketKey> current() override;

 private:
  const TicketMemory& memory() const;
  bool read();
  Mapping memory_;
  std::mutex mutex_;        // of the rest
  std::uint32_t seen_ = 1;  // odd: never
  std::vector<net::TlsTicketKey> keys_;
};

}  // namespace postern::daemon
