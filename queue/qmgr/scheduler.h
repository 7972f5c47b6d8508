// The scheduler: which message is delivered when, and what becomes of it.
//
// A message is active from its commit, or from the moment at which it is due again, until each of its
// recipients has an answer from an agent. Then it leaves the queue, or waits in the database for its next
// attempt. Memory holds the active messages only, and they are bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "lib/ipc/client.h"
#include "lib/ipc/messages/deliver.h"
#include "lib/ipc/messages/notify.h"
#include "lib/ipc/messages/queue.h"
#include "lib/net/scope.h"
#include "queue/qmgr/spools.h"
#include "queue/qmgr/store.h"
#include "queue/qmgr/transport.h"

namespace postern::qmgr {

// Where mail for an address goes.
struct NextStep {
  std::string transport;
  std::string nexthop;
  std::string recipient;  // the address as the agent gets it
};

// What the scheduler asks of the world around it.
struct Surroundings {
  // An address, and the sender of its message.
  std::function<net::Task<Result<NextStep>>(std::string, std::string)> resolve;
  std::function<TransportLimits(const std::string&)> limits;  // of a transport
  std::function<std::string(std::int64_t)> id_text;           // a queue id as the log shows it
  std::function<void(std::int64_t)> queued;  // the number of messages in the queue has changed by this
};

struct Limits {
  microseconds lifetime;
  microseconds bounce_lifetime;
  microseconds least_backoff;
  microseconds most_backoff;
  std::size_t active_messages;
  seconds answer{3600};    // for another program to answer a question
  seconds delivery{3600};  // for an agent to answer for the recipients of one request
};

class Scheduler {
 public:
  Scheduler(net::Loop& loop, Store& store, Spools& spools, Surroundings surroundings, Limits limits);
  // Takes up what is due, from now on.
  void start();

  // Keeps a place among the active messages for one that is to be stored. False while as many are active as may be:
  // the message is then stored with a due time.
  bool reserve();
  // It was not stored after all.
  void release() { --active_; }
  // A message that was just committed: an active one, with its place, or one that waits in the database.
  void stored(MessagePtr message);
  // What commands ask for (changing.cpp). Gives those that were changed, on disk. A message that is being delivered is
  // held or removed when the deliveries in hand have ended.
  net::Task<std::vector<std::int64_t>> change(ipc::QueueAction action, std::vector<std::int64_t> ids);
  // Tries everything now, or what is for this domain. Destinations and transports that were dead are tried again.
  void flush(std::string site);
  // Looks again for mail that is due.
  void wake();
  // Begins no other delivery: what is in the queue is for our successor.
  void rest();
  // Until all that was begun is recorded. False when the time is over before.
  net::Task<bool> drained(Deadline limit) { return scope_.drained(limit); }

  std::size_t active() const { return active_; }

 private:
  bool has_room() const { return active_ < limits_.active_messages; }
  // scheduler.cpp: becoming active, sorting recipients into deliveries
  void activate(MessagePtr message);
  net::Task<void> take_up_due();
  net::Task<void> sort(MessagePtr message);
  net::Task<Result<void>> place(const MessagePtr& message, std::size_t recipient,
                                std::map<std::string, Delivery>& open);
  Transport& transport(const std::string& name);
  void add(Transport& transport, Delivery delivery);
  void make_ready(Transport& transport, const std::string& key, Destination& destination);
  void start_next(Transport& transport);
  bool expired(const Message& message) const;
  void forget_content(Message& message);

  // delivery.cpp: delivering, and what becomes of a message
  net::Task<void> deliver(Transport& transport, Delivery delivery);
  void ended(Transport& transport, const std::string& destination);
  net::Task<Result<ipc::Delivered>> ask_agent(Transport& transport, const Delivery& delivery);
  net::Task<Result<ipc::Deliver>> request_for(const Delivery& delivery);
  net::Task<void> conclude(MessagePtr message);
  net::Task<void> defer_or_finish(const MessagePtr& message);
  net::Task<void> notify_sender(const MessagePtr& message);
  void defer(const Message& message, Recipient& recipient, std::string reason);
  void record_progress(const MessagePtr& message, const Delivery& delivery);
  std::int64_t next_attempt(const Message& message) const;

  net::Loop& loop_;
  Store& store_;
  Spools& spools_;
  Surroundings surroundings_;
  Limits limits_;
  ipc::Client bounce_;
  std::map<std::string, std::unique_ptr<Transport>> transports_;
  bool resting_ = false;
  std::size_t active_ = 0;
  std::size_t content_bytes_ = 0;  // of active messages
  std::int64_t next_due_ = 1;      // wall microseconds of the earliest deferred message; 0: there is none
  net::Event changed_;
  net::Scope scope_;
};

}  // namespace postern::qmgr
