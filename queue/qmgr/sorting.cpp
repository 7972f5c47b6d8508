// Sorting recipients into deliveries, and putting these in line.
#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/mail/delivery_log.h"
#include "queue/qmgr/scheduler.h"

namespace postern::qmgr {

namespace {

constexpr std::uint32_t kSortAtOnce = 200;  // then others have their turn
constexpr seconds kSortLimit{600};          // of a slice: tables that are slow do not hold a message for ever

std::string_view domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

}  // namespace

// Deliveries of one slice for one destination.
struct Scheduler::Batch {
  Transport* transport = nullptr;
  std::string nexthop;
  std::vector<Delivery> deliveries;
};

// In the order of their first recipients.
struct Scheduler::Batches {
  std::vector<Batch> all;
  std::unordered_map<std::string, std::size_t> places;

  Batch& of(std::string key) {
    const auto [place, is_new] = places.try_emplace(std::move(key), all.size());
    return is_new ? all.emplace_back() : all[place->second];
  }
};

net::Task<void> Scheduler::sort(SlicePtr slice) {
  const ActivePtr active = slice->active;
  ++slice->open;  // ours, so that nothing concludes while we are sorting
  Batches batches;
  const Deadline limit = loop_.in(kSortLimit);
  for (std::uint32_t i = 0; i < slice->recipients.size() && !active->stops(); ++i) {
    if (slice->recipients[i].state != RecipientState::pending) continue;
    if (i % kSortAtOnce == kSortAtOnce - 1) {
      co_await net::next_turn(loop_);
    }
    auto next = co_await next_step_by(limit, *active, slice->recipients[i]);
    if (next && next->goes_nowhere) {
      discard(slice, i);
    } else if (next) {
      place(slice, i, std::move(*next), batches);
    } else {
      log_warning(concat(surroundings_.id_text(active->message->id), ": ", next.error().text));
      refuse(slice, i, "4.3.0", "address resolver failure");
    }
  }
  if (!active->stops()) {
    std::vector<Transport*> used;
    for (Batch& batch : batches.all) {
      if (std::find(used.begin(), used.end(), batch.transport) == used.end()) used.push_back(batch.transport);
      put_in_line(std::move(batch));
    }
    for (Transport* transport : used) start_next(*transport);
  }
  read_on(active);
  part_ended(slice);
}

net::Task<Result<NextStep>> Scheduler::next_step_by(Deadline limit, const Active& active,
                                                    const Recipient& recipient) {
  if (loop_.now() >= limit) co_return fail(Errc::timeout, "tables are too slow to tell where mail goes");
  net::Task<Result<NextStep>> finding = next_step(active, recipient);
  auto next = co_await net::with_deadline<Result<NextStep>>(loop_, std::move(finding), limit);
  if (next) co_return std::move(*next);
  co_return fail(Errc::timeout, "tables are too slow to tell where mail goes");
}

net::Task<Result<NextStep>> Scheduler::next_step(const Active& active, const Recipient& recipient) {
  const Message& m = *active.message;
  if (m.filter.empty()) {
    co_return co_await surroundings_.resolve(recipient.address, m.sender);
  }
  NextStep next;
  const auto colon = m.filter.find(':');
  next.transport = m.filter.substr(0, colon);
  if (colon != std::string::npos) next.nexthop = m.filter.substr(colon + 1);
  if (next.nexthop.empty()) next.nexthop = limits_.filter_nexthop;
  if (next.nexthop.empty()) next.nexthop = domain_of(recipient.address);
  next.recipient = recipient.address;
  co_return next;
}

void Scheduler::place(const SlicePtr& slice, std::uint32_t at, NextStep next, Batches& batches) {
  Recipient& r = slice->recipients[at];
  Transport& to = transport(next.transport);
  r.address = std::move(next.recipient);
  r.transport = to.name;
  r.nexthop = next.nexthop;
  if (to.limits.deferred && !slice->active->insistent)
    return refuse(slice, at, "4.3.2", "deferred transport");
  // A transport that takes one recipient at a time counts by recipient too.
  std::string key = to.name;
  key += '\0';
  key += next.nexthop;
  if (to.limits.recipients == 1) {
    key += '\0';
    key += r.address;
  }
  Batch& batch = batches.of(std::move(key));
  if (batch.transport == nullptr) {
    batch.transport = &to;
    batch.nexthop = std::move(next.nexthop);
  }
  const bool full = batch.deliveries.empty() ||
                    (to.limits.recipients > 0 && batch.deliveries.back().recipients.size() >=
                                                     static_cast<std::size_t>(to.limits.recipients));
  if (full) {
    Delivery& delivery = batch.deliveries.emplace_back();
    delivery.slice = slice;
    delivery.nexthop = batch.nexthop;
    ++slice->open;
  }
  batch.deliveries.back().recipients.push_back(at);
}

Transport& Scheduler::transport(const std::string& name) {
  auto& place = transports_[name];
  if (!place) {
    place = std::make_unique<Transport>(loop_, name, surroundings_.limits(name));
  }
  return *place;
}

bool Scheduler::is_suspended(std::optional<Suspension>& dead) const {
  if (dead && dead->until <= loop_.now()) dead.reset();
  return dead.has_value();
}

void Scheduler::put_in_line(Batch batch) {
  Transport& to = *batch.transport;
  const Delivery& first = batch.deliveries.front();
  if (is_suspended(to.dead)) {
    for (Delivery& delivery : batch.deliveries) refuse(std::move(delivery), to.dead->dsn, to.dead->text);
    return;
  }
  const bool by_recipient = to.limits.mailboxes || to.limits.recipients == 1;
  Destination& destination = to.destination(
      by_recipient ? first.slice->recipients[first.recipients.front()].address : batch.nexthop);
  const bool was_dead = destination.dead.has_value();
  if (is_suspended(destination.dead)) {
    for (Delivery& delivery : batch.deliveries)
      refuse(std::move(delivery), destination.dead->dsn, destination.dead->text);
    return;
  }
  if (was_dead) destination.window.reset();
  to.add(std::move(batch.deliveries), destination);
}

void Scheduler::log_unseen(const Message& message, const Recipient& recipient,
                           std::string_view status) const {
  const std::string id = surroundings_.id_text(message.id);
  mail::Attempt attempt;
  attempt.queue_id = id;
  attempt.address = recipient.address;
  attempt.original = recipient.original;
  attempt.relay = "none";
  attempt.arrived = message.arrived;
  attempt.activated = message.activated;
  attempt.begun = attempt.connected = attempt.ended = wall_micros();
  attempt.dsn = recipient.dsn;
  attempt.status = status;
  attempt.text = recipient.reason;
  mail::log_delivery(attempt);
}

// A recipient that no agent has seen: it is deferred.
void Scheduler::refuse(const SlicePtr& slice, std::uint32_t at, std::string_view dsn,
                       std::string_view reason) {
  const Message& message = slice->message();
  Recipient& recipient = slice->recipients[at];
  take_refusal(message, recipient, std::string(dsn), std::string(reason));
  slice->active->attempted = true;
  log_unseen(message, recipient, "deferred");
}

// Mail to the sender of our notifications to the postmaster: whoever answers these would otherwise go round in circles.
void Scheduler::discard(const SlicePtr& slice, std::uint32_t at) {
  Recipient& recipient = slice->recipients[at];
  recipient.state = RecipientState::done;
  recipient.dsn = "2.0.0";
  recipient.reason = "undeliverable postmaster notification discarded";
  slice->active->attempted = true;
  log_unseen(slice->message(), recipient, "sent");
  log_warning(concat(surroundings_.id_text(slice->message().id), ": ", recipient.reason));
}

void Scheduler::refuse(Delivery delivery, std::string_view dsn, std::string_view reason) {
  for (const std::uint32_t at : delivery.recipients) refuse(delivery.slice, at, dsn, reason);
  part_ended(delivery.slice);
}

void Scheduler::start_next(Transport& transport) {
  while (!resting_) {
    auto start = transport.next(loop_.now());
    if (!start) break;
    Destination& destination = *start->destination;
    if (is_suspended(destination.dead)) {
      const Suspension dead = *destination.dead;
      refuse(std::move(start->delivery), dead.dsn, dead.text);
      transport.ended(start->hand, Transport::End::badly, loop_.now());
      continue;
    }
    ++start->delivery.slice->active->in_hand;
    hands_.spawn(deliver(transport, start->hand, std::move(start->delivery)));
  }
  const auto yield = transport.next_yield();
  if (!yield || resting_ || (transport.waking && *transport.waking <= *yield)) return;
  transport.waking = yield;
  pauses_.spawn(wake_at(transport, *yield));
}

// What waits may take the place of a delivery that lasts.
net::Task<void> Scheduler::wake_at(Transport& transport, Instant when) {
  co_await net::sleep_until(loop_, when);
  if (transport.waking == when) transport.waking.reset();
  start_next(transport);
}

}  // namespace postern::qmgr
