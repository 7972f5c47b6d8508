// A delivery agent as a service: it answers the Deliver questions of qmgr, many at a time, and logs a line for each
// recipient. What is done with a recipient is up to the subclass.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "deliver/common/outcome.h"
#include "lib/daemon/service.h"
#include "lib/ipc/messages/deliver.h"
#include "lib/ipc/server.h"
#include "lib/net/task.h"

namespace postern::deliver {

// Shared by the coroutines of its recipients, which may be cancelled, and by the threads that read its content.
using MessagePtr = std::shared_ptr<const ipc::Deliver>;

class Agent : public daemon::Service {
 public:
  // `relay`: what log lines name as the relay. It must outlive the agent.
  explicit Agent(std::string_view relay) : relay_(relay) {}

  Result<void> prepare(daemon::Context& context) final;
  net::Task<void> serve(net::Accepted connection) final;
  void leave(daemon::Leave why) final;

  // What prepare() does; for tests too, which have no context.
  Result<void> configure(const config::Settings& settings, net::Loop& loop, daemon::Rights& rights);

 protected:
  // Reads what the agent needs. Rights that depend on it may be added to `rights`.
  virtual Result<void> read_settings(const config::Settings& settings, daemon::Rights& rights) = 0;
  // One recipient. Both arguments live until the task has ended; the message may be kept longer.
  virtual net::Task<Outcome> deliver(MessagePtr message, const ipc::DeliverTo& recipient) = 0;

  net::Loop& loop() { return *loop_; }

 private:
  net::Task<ipc::Delivered> answer(ipc::Deliver question);
  net::Task<void> deliver_one(MessagePtr message, std::size_t index, std::int64_t begun,
                              ipc::Delivered& answer);
  std::string id_text(std::int64_t queue_id) const;

  std::string_view relay_;
  net::Loop* loop_ = nullptr;  // set by configure()
  bool long_ids_ = false;
  ipc::Handlers handlers_;
  ipc::Farewell farewell_;
};

}  // namespace postern::deliver
