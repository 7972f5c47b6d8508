// What servers had of TLS before, and whether this one has less today: somebody on the way may have taken it away. The loop
// asks the file, which costs microseconds; a thread writes behind it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/history/tls_history.h"
#include "lib/net/scope.h"
#include "lib/net/task.h"
#include "lib/net/workers.h"
#include "smtp/destination.h"
#include "smtp/host.h"
#include "smtp/setup.h"

namespace postern::smtp {

// What a session came to.
struct TlsSeen {
  std::string protocol;      // empty: no TLS
  int standing = 0;          // as history::TlsRecord has it
  std::string asked;         // what the configuration asked for
  std::string_view without;  // why there is none: "does not offer STARTTLS"
};

class History {
 public:
  // Opens smtp_tls_history_database, before the jail, as `owner` where we are root (empty: as we are). The program needs
  // Rights::threads. Null when none is wanted, or it cannot be used, which the log says. Loop and setup outlive it.
  static std::unique_ptr<History> open(net::Loop& loop, const Setup& setup, const std::string& owner);

  // Remembers what was seen if it is as good as it was, or if it has been less for smtp_tls_downgrade_time_limit.
  // Otherwise says what is less, to stand behind the name of the server.
  std::optional<std::string> judge(const Destination& destination, const Host& host, const TlsSeen& seen);
  // Returns when all is written, or cannot be.
  net::Task<void> finish();

 private:
  History(net::Loop& loop, const Setup& setup);
  Result<void> open_files(const std::string& path, const std::string& owner);
  Result<std::optional<history::TlsRecord>> find(const history::TlsKey& key);
  void note(const history::TlsKey& key, std::optional<history::TlsRecord> record);
  net::Task<void> write();
  void trouble(const Error& error);

  net::Loop& loop_;
  const Setup& setup_;
  std::unique_ptr<history::TlsHistory> reader_;
  std::shared_ptr<history::TlsHistory> writer_;  // of us and of what runs in the thread
  history::TlsChanges waiting_, under_way_;
  bool is_writing_ = false;
  bool in_trouble_ = false;
  Instant clean_next_{};
  std::unique_ptr<net::Workers> workers_;  // from the first write on
  net::Scope scope_;
};

}  // namespace postern::smtp
