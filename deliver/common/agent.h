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
#include "lib/table/maps.h"

namespace postern::deliver {

// Shared by the coroutines of its recipients, which may be cancelled, and by the threads that read its content.
using MessagePtr = std::shared_ptr<const ipc::Deliver>;

// What master.cf says of the service.
struct ServiceEntry {
  std::string name;
  config::List words;   // behind the options
  bool chroot = false;  // with the queue directory as root
  unsigned slot = 0;    // that master gave to the process
};

class Agent : public daemon::Service {
 public:
  // `relay`: what log lines name as the relay: "none", or another name, in whose place the service's own stands if it is
  // known. `filter`: the parameter that names the delivery status filter, empty: there is none. Both must outlive the agent.
  explicit Agent(std::string_view relay, std::string_view filter = {})
      : relay_(relay), filter_name_(filter) {}

  Result<void> prepare(daemon::Context& context) final;
  net::Task<void> serve(net::Accepted connection) final;
  void leave(daemon::Leave why) final;

  // What prepare() does; for tests too, which have no context.
  Result<void> configure(const config::Settings& settings, net::Loop& loop, daemon::Rights& rights,
                         ServiceEntry entry = {});

  // For the parts of an agent. Applies the delivery status filter to an outcome.
  net::Task<void> filter(Outcome& outcome) const;
  // Writes the log line of an attempt for an address, which may be another than that of a recipient of the message.
  void log_attempt(const ipc::Deliver& message, std::string_view address, std::string_view original,
                   std::int64_t begun, const Outcome& outcome) const;
  // A queue id as the log shows it.
  std::string id_text(std::int64_t queue_id) const;
  net::Loop& loop() const { return *loop_; }
  const ServiceEntry& entry() const { return entry_; }
  bool soft_bounce() const { return soft_bounce_; }

 protected:
  // Reads what the agent needs. Rights that depend on it may be added to `rights`.
  virtual Result<void> read_settings(const config::Settings& settings, daemon::Rights& rights) = 0;
  // One recipient. Both arguments live until the task has ended; the message may be kept longer. For a message that is to
  // be verified only, the outcome says what would have become of it.
  virtual net::Task<Outcome> deliver(MessagePtr message, const ipc::DeliverTo& recipient) = 0;
  // All recipients, when one attempt is for all of them: one outcome. Used in place of deliver() if together() says so.
  virtual bool together() const { return false; }
  virtual net::Task<Outcome> deliver_all(MessagePtr message);

 private:
  net::Task<ipc::Delivered> answer(ipc::Deliver question);
  net::Task<void> answer_together(MessagePtr message, std::int64_t begun, ipc::Delivered& answer);
  net::Task<void> deliver_one(MessagePtr message, std::size_t index, std::int64_t begun,
                              ipc::Delivered& answer);
  void report(const ipc::Deliver& message, std::size_t index, std::int64_t begun, Outcome outcome,
              ipc::Delivered& answer) const;

  std::string_view relay_;
  std::string_view filter_name_;
  net::Loop* loop_ = nullptr;  // set by configure()
  ServiceEntry entry_;
  bool long_ids_ = false;
  bool soft_bounce_ = false;
  table::Maps filter_;
  ipc::Handlers handlers_;
  ipc::Farewell farewell_;
};

}  // namespace postern::deliver
