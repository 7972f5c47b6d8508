// What others may ask of qmgr: to store a message, and a file for large content. One Intake is one
// connection; what it has opened and not yet stored goes when the connection does.
#pragma once

#include "lib/ipc/messages/enqueue.h"
#include "lib/ipc/messages/report.h"
#include "lib/ipc/messages/spool.h"
#include "lib/ipc/messages/taken.h"
#include "lib/ipc/server.h"
#include "lib/net/scope.h"
#include "queue/qmgr/scheduler.h"

namespace postern::qmgr {

class Intake {
 public:
  Intake(net::Loop& loop, Store& store, Spools& spools, Scheduler& scheduler,
         std::function<std::string(std::int64_t)> id_text);
  ~Intake();
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  // Serves the connection to its end, or until the peer has taken leave.
  net::Task<void> serve(Fd connection, ipc::Farewell& farewell);

 private:
  net::Task<ipc::SpoolOpened> open_spool(ipc::OpenSpool question);
  net::Task<ipc::TakenAnswer> is_taken(ipc::IsTaken question);
  net::Task<ipc::Outcome> enqueue(ipc::Enqueue question);
  net::Task<Result<bool>> store(const MessagePtr& message, queue::Settlement settlement);

  net::Loop& loop_;
  Store& store_;
  Spools& spools_;
  Scheduler& scheduler_;
  std::function<std::string(std::int64_t)> id_text_;
  net::Scope scope_{loop_};
};

}  // namespace postern::qmgr
