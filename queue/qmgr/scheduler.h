// The scheduler: which message is delivered when, and what becomes of it.
//
// A message is active from its commit, or from the moment at which it is due again, until each of its
// recipients has an answer from an agent. Then it leaves the queue, or waits in the database for its next
// attempt. Memory holds the active messages only, and of those with many recipients a part; both are bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "lib/ipc/client.h"
#include "lib/ipc/messages/deliver.h"
#include "lib/ipc/messages/report.h"
#include "lib/net/scope.h"
#include "queue/qmgr/leases.h"
#include "queue/qmgr/results.h"
#include "queue/qmgr/spools.h"
#include "queue/qmgr/store.h"
#include "queue/qmgr/surroundings.h"
#include "queue/qmgr/transport.h"

namespace postern::qmgr {

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
  // What the commit of a message has settled about another one.
  void settled(const queue::Settlement& settlement);
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
  net::Task<bool> drained(Deadline limit);
  // After rest(), when nobody asks for anything any more (handover.cpp): lends what agents have in hand to this process,
  // closes the database, and ends when our successor has heard of each result.
  net::Task<void> hand_over();
  // A predecessor's results. False when it did not have that message any more.
  net::Task<ipc::Reported> reported(ipc::Report report);

  std::size_t active() const { return active_; }
  // Recipients in memory.
  std::size_t recipients() const { return recipients_; }

 private:
  // scheduler.cpp: becoming active, and going
  bool has_room() const { return active_ < limits_.active_messages; }
  std::size_t room_for_deferred() const;
  std::size_t slice_size(std::size_t messages) const;
  net::Task<void> take_up();
  net::Task<bool> take_due();
  net::Task<bool> take_flushed();
  ActivePtr activate(MessagePtr message);
  void begin(const ActivePtr& active);
  void read_on(const ActivePtr& active);
  net::Task<void> read_slice(ActivePtr active);
  void forget_content(Message& message);
  void forget(Active& active);

  // sorting.cpp: recipients into deliveries
  struct Batch;
  struct Batches;
  net::Task<void> sort(SlicePtr slice);
  net::Task<Result<NextStep>> next_step_by(Deadline limit, const Active& active, const Recipient& recipient);
  net::Task<Result<NextStep>> next_step(const Active& active, const Recipient& recipient);
  void place(const SlicePtr& slice, std::uint32_t recipient, NextStep next, Batches& batches);
  void put_in_line(Batch batch);
  Transport& transport(const std::string& name);
  bool is_suspended(std::optional<Suspension>& dead) const;
  void refuse(const SlicePtr& slice, std::uint32_t recipient, std::string_view dsn, std::string_view reason);
  void discard(const SlicePtr& slice, std::uint32_t recipient);
  void log_unseen(const Message& message, const Recipient& recipient, std::string_view status) const;
  void refuse(Delivery delivery, std::string_view dsn, std::string_view reason);
  void start_next(Transport& transport);
  net::Task<void> wake_at(Transport& transport, Instant when);

  // delivery.cpp: asking agents
  net::Task<void> deliver(Transport& transport, Transport::Hands::iterator hand, Delivery delivery);
  net::Task<Result<ipc::Delivered>> ask_agent(Transport& transport, const Delivery& delivery);
  net::Task<Result<ipc::Deliver>> request_for(const Delivery& delivery);
  void take_answer(const Delivery& delivery, ipc::Delivered& answer);
  void take_loss(Transport& transport, Delivery& delivery, const Error& error);
  void judge_site(Transport& transport, Destination& destination, const ipc::Delivered& answer);
  void suspend(Transport& transport);
  void pause_after(Transport& transport, Destination& destination);
  net::Task<void> pause(Transport& transport, std::string destination, Duration time);
  net::Task<void> pause_transport(Transport& transport);
  void delivery_ended(const Delivery& delivery);
  void part_ended(const SlicePtr& slice);

  // conclusion.cpp: when every recipient has an answer
  void record_slice(const SlicePtr& slice);
  net::Task<void> conclude(SlicePtr slice);
  net::Task<std::size_t> gather(const SlicePtr& slice, bool expired);
  net::Task<void> tell(const SlicePtr& slice);
  net::Task<bool> tell(const SlicePtr& slice, ipc::NotifyKind kind);
  net::Task<void> warn(const SlicePtr& slice);
  net::Task<bool> ask_bounce(const Message& message, ipc::Notify question);
  net::Task<void> defer_or_finish(const SlicePtr& slice, std::size_t waiting);
  bool expires(const Message& message);
  std::int64_t next_attempt(const Message& message) const;

  // changing.cpp
  void change_active(Active& active, ipc::QueueAction action);
  void stop_waiting(Active& active);
  void revive_all();
  void insist(const std::vector<std::int64_t>& ids);
  net::Task<void> flush_site(std::string site);

  // handover.cpp
  void keep(const Delivery& delivery);
  net::Task<void> report(ActivePtr active);
  net::Task<void> watch_leases();

  net::Loop& loop_;
  Store& store_;
  Spools& spools_;
  Surroundings surroundings_;
  Limits limits_;
  ipc::Client bounce_;
  ipc::Client successor_;
  std::unordered_map<std::string, std::unique_ptr<Transport>> transports_;
  std::unordered_map<std::int64_t, ActivePtr> messages_;
  bool resting_ = false;
  bool handing_over_ = false;  // results are kept for our successor
  bool is_closed_ = false;     // the database is his
  std::optional<Holder> holder_;
  std::size_t active_ = 0;
  std::size_t recipients_ = 0;     // in memory
  std::size_t content_bytes_ = 0;  // of active messages
  std::int64_t next_due_ = 1;      // wall microseconds of the earliest deferred message; 0: there is none
  std::int64_t flushed_ = 0;       // what is flushed has ids behind this one …
  std::int64_t flush_last_ = 0;    // … up to this one; 0: nothing is
  std::unordered_set<std::int64_t> insistent_;  // flushed by name, and not taken up yet
  net::Event changed_;
  net::Scope scope_;
  net::Scope pauses_;
  net::Scope hands_;  // deliveries that agents have in hand
};

}  // namespace postern::qmgr
