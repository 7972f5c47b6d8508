// The first half of the scheduler: which messages are active, and how much of them is in memory.
#include "queue/qmgr/scheduler.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/mail/address.h"

namespace postern::qmgr {

namespace {

constexpr std::size_t kTakeAtOnce = 200;         // due messages
constexpr std::size_t kMostContent = 24u << 20;  // bytes of content in memory; the rest is read when needed
constexpr std::size_t kLargestSlice = 1000;      // recipients of one message that are read at a time
constexpr std::size_t kSmallestSlice = 10;
constexpr std::size_t kShareOfNew = 4;  // of the places, one in so many is for mail that is new

}  // namespace

Scheduler::Scheduler(net::Loop& loop, Store& store, Spools& spools, Surroundings surroundings, Limits limits)
    : loop_(loop),
      store_(store),
      spools_(spools),
      surroundings_(std::move(surroundings)),
      limits_(std::move(limits)),
      bounce_(loop, "private/bounce"),
      successor_(loop, limits_.successor),
      changed_(loop),
      scope_(loop),
      pauses_(loop),
      hands_(loop) {}

void Scheduler::start() {
  scope_.spawn(take_up());
  scope_.spawn(watch_leases());
}

void Scheduler::wake() {
  next_due_ = 1;
  changed_.notify();
}

void Scheduler::rest() {
  resting_ = true;
  changed_.notify();
}

net::Task<bool> Scheduler::drained(Deadline limit) {
  const bool answered = co_await hands_.drained(limit);
  const bool recorded = co_await scope_.drained(limit);
  co_return answered&& recorded;
}

// ---- becoming active

bool Scheduler::reserve() {
  if (!has_room()) return false;
  ++active_;
  return true;
}

// What is due after a long rest must not keep new mail out.
std::size_t Scheduler::room_for_deferred() const {
  const std::size_t most =
      std::max<std::size_t>(1, limits_.active_messages - limits_.active_messages / kShareOfNew);
  return active_ < most ? most - active_ : 0;
}

// Recipients that each of so many messages may bring into memory.
std::size_t Scheduler::slice_size(std::size_t messages) const {
  const std::size_t room = recipients_ < limits_.recipients ? limits_.recipients - recipients_ : 0;
  return std::clamp(room / messages, kSmallestSlice, std::max(kSmallestSlice, kLargestSlice));
}

void Scheduler::stored(MessagePtr message) {
  surroundings_.queued(1);
  message->count = message->recipients.size();
  if (message->due == 0) {
    const std::size_t most = slice_size(1);
    if (message->count > most) {
      message->recipients.resize(most);
      message->recipients.shrink_to_fit();
      message->more = true;
    }
    const ActivePtr active = activate(std::move(message));
    if (active) begin(active);
    return;
  }
  if (message->held) return;
  next_due_ = next_due_ == 0 ? message->due : std::min(next_due_, message->due);
  changed_.notify();
}

void Scheduler::settled(const queue::Settlement& settlement) {
  using How = queue::Settlement::How;
  if (settlement.how == How::nothing) return;
  const auto place = messages_.find(settlement.message);
  if (place == messages_.end()) {
    wake();  // if nothing is left of it, it is to go
  } else if (settlement.how == How::delay) {
    place->second->message->warned = true;
  }
}

net::Task<void> Scheduler::take_up() {
  while (!resting_) {
    const std::int64_t now = wall_micros();
    const bool room = room_for_deferred() > 0;
    if (room && flush_last_ != 0) {
      const bool worked = co_await take_flushed();
      if (!worked) {
        co_await net::sleep_until(loop_, loop_.in(seconds(1)));
      }
    }
    if (room && next_due_ != 0 && next_due_ <= now) {
      const bool worked = co_await take_due();
      if (!worked) {
        co_await net::sleep_until(loop_, loop_.in(seconds(1)));
      }
      continue;
    }
    if (room_for_deferred() > 0 && flush_last_ != 0) continue;
    Deadline until = loop_.in(limits_.look);
    if (next_due_ != 0 && room)
      until = std::min(until, loop_.in(microseconds(std::max<std::int64_t>(0, next_due_ - now))));
    const bool changed = co_await changed_.wait(until);
    if (changed) continue;
    for (auto& [name, transport] : transports_) {
      transport->sweep(loop_.now());
      start_next(*transport);
    }
  }
}

// Both of them: false when the queue cannot be read.
net::Task<bool> Scheduler::take_due() {
  const std::size_t most = std::min(kTakeAtOnce, room_for_deferred());
  active_ += most;
  auto due = co_await store_.take_due(wall_micros(), most, slice_size(most));
  active_ -= most;
  if (!due) {
    log_warning(due.error().text);
    co_return false;
  }
  active_ += due->size();
  const bool all = due->size() < most;
  for (MessagePtr& message : *due) {
    const ActivePtr active = activate(std::move(message));
    if (active) begin(active);
  }
  if (!all) co_return true;
  next_due_ = 0;
  auto next = co_await store_.next_due();
  const std::int64_t found = next ? *next : wall_micros() + 1'000'000;
  if (next_due_ == 0 || (found != 0 && found < next_due_)) next_due_ = found;
  co_return true;
}

net::Task<bool> Scheduler::take_flushed() {
  const std::size_t most = std::min(kTakeAtOnce, room_for_deferred());
  active_ += most;
  auto found = co_await store_.take_from(flushed_, flush_last_, most, slice_size(most));
  active_ -= most;
  if (!found) {
    log_warning(found.error().text);
    co_return false;
  }
  active_ += found->size();
  if (found->size() < most) {
    flush_last_ = 0;
  } else {
    flushed_ = found->back()->id;
  }
  for (MessagePtr& message : *found) {
    const ActivePtr active = activate(std::move(message));
    if (!active) continue;
    active->insistent = true;
    begin(active);
  }
  co_return true;
}

// Nothing while we rest: it is for our successor, who finds it in the database.
ActivePtr Scheduler::activate(MessagePtr message) {
  if (resting_) return nullptr;
  message->activated = wall_micros();
  content_bytes_ += message->content.size();
  if (content_bytes_ > kMostContent) forget_content(*message);
  auto active = std::make_shared<Active>();
  active->sliced = message->more;
  active->insistent = insistent_.erase(message->id) > 0;
  active->message = std::move(message);
  messages_.emplace(active->message->id, active);
  return active;
}

void Scheduler::begin(const ActivePtr& active) {
  Message& m = *active->message;
  if (m.count > 0 && !m.forced_expire) {
    log_info(concat(surroundings_.id_text(m.id), ": from=<", mail::shown_address(m.sender),
                    ">, size=", m.size, ", nrcpt=", m.count, " (queue active)"));
  }
  auto slice = std::make_shared<Slice>();
  slice->active = active;
  slice->recipients = std::move(m.recipients);
  recipients_ += slice->recipients.size();
  if (!slice->recipients.empty()) active->last_number = slice->recipients.back().number;
  ++active->slices;
  scope_.spawn(sort(std::move(slice)));
}

// More recipients, when there is room for them. Several messages share half of the room; the other half is for those
// that are still to come.
void Scheduler::read_on(const ActivePtr& active) {
  if (!active->message->more || active->reading || active->stops() || resting_) return;
  const bool room = recipients_ + kLargestSlice <= limits_.recipients / 2;
  if (!room && active->slices > 0) return;
  active->reading = true;
  scope_.spawn(read_slice(active));
}

net::Task<void> Scheduler::read_slice(ActivePtr active) {
  Message& m = *active->message;
  const std::size_t most = slice_size(1);
  auto read = co_await store_.recipients(m.id, active->last_number, most);
  while (!read && !resting_) {
    log_warning(read.error().text);
    co_await net::sleep_until(loop_, loop_.in(seconds(1)));
    read = co_await store_.recipients(m.id, active->last_number, most);
  }
  active->reading = false;
  if (!read || resting_) co_return;
  auto slice = std::make_shared<Slice>();
  slice->active = active;
  slice->recipients = std::move(*read);
  m.more = slice->recipients.size() == most;
  recipients_ += slice->recipients.size();
  if (!slice->recipients.empty()) active->last_number = slice->recipients.back().number;
  ++active->slices;
  co_await sort(std::move(slice));
}

// ---- and going

void Scheduler::forget_content(Message& message) {
  content_bytes_ -= message.content.size();
  std::string().swap(message.content);
  message.has_content = false;
}

void Scheduler::forget(Active& active) {
  content_bytes_ -= active.message->content.size();
  --active_;
  messages_.erase(active.message->id);
  if (next_due_ != 0 || flush_last_ != 0) changed_.notify();
}

}  // namespace postern::qmgr
