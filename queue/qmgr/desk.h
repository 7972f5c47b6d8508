// What commands ask of the queue: to list it, to change what is in it, to read one message. Each question is one job of the
// store, of bounded length, between those that take mail and record results.
#pragma once

#include "lib/ipc/messages/queue.h"
#include "lib/ipc/server.h"
#include "queue/qmgr/scheduler.h"

namespace postern::qmgr {

class Desk {
 public:
  // All outlive the desk and the tasks of its handlers.
  Desk(Store& store, Spools& spools, Scheduler& scheduler)
      : store_(store), spools_(spools), scheduler_(scheduler) {}

  // Adds what it answers to the table of a connection.
  void add_to(ipc::Handlers& handlers);

 private:
  net::Task<ipc::QueuePage> list(ipc::ListQueue question);
  net::Task<ipc::QueueChanged> change(ipc::ChangeQueue question);
  net::Task<ipc::MessageRead> read(ipc::ReadMessage question);

  Store& store_;
  Spools& spools_;
  Scheduler& scheduler_;
};

}  // namespace postern::qmgr
