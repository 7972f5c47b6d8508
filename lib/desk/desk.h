// The queue as a command asks it: through a service of the running mail system, or, while it is down, in its database. The
// current directory is the queue directory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/ipc/client.h"
#include "lib/ipc/messages/queue.h"
#include "lib/net/loop.h"
#include "lib/queue/database.h"

namespace postern::desk {

inline constexpr const char* kShowq = "public/showq";
inline constexpr const char* kQmgr = "public/qmgr";
inline constexpr const char* kDatabase = "queue/queue.db";

class Desk {
 public:
  // Asks the first of these services that is there.
  explicit Desk(std::vector<std::string> services);
  // Opens the database, which nobody else then has: for a mail system that is down. Fails with not_found when there is none
  // yet, busy when somebody else has it, denied, io.
  static Result<std::unique_ptr<Desk>> at_database();
  // A mail system that has never had mail: there is none.
  static std::unique_ptr<Desk> without_mail();

  // Each fails with lost, timeout, not_found, denied or io as ipc::Client does; with invalid when the answer says that
  // something is wrong with the question.
  Result<ipc::QueuePage> list(const ipc::ListQueue& question);
  Result<ipc::QueueChanged> change(const ipc::ChangeQueue& question);
  Result<ipc::MessageRead> read(const ipc::ReadMessage& question);

 private:
  template <class C>
  Result<typename C::Answer> ask(const typename C::Question& question);
  bool has_mail() const { return database_ || !clients_.empty(); }
  Result<ipc::QueueChanged> change_database(const ipc::ChangeQueue& question);

  std::unique_ptr<queue::Database> database_;
  net::Loop loop_;
  std::vector<std::string> services_;
  std::vector<std::unique_ptr<ipc::Client>> clients_;
};

}  // namespace postern::desk
