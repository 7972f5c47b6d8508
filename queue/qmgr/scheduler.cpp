#include "queue/qmgr/scheduler.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace postern::qmgr {

namespace {

constexpr std::size_t kTakeAtOnce = 200;         // due messages
constexpr std::size_t kMostContent = 24u << 20;  // bytes of content in memory; the rest is read when needed

}  // namespace

Scheduler::Scheduler(net::Loop& loop, Store& store, Spools& spools, Surroundings surroundings, Limits limits)
    : loop_(loop),
      store_(store),
      spools_(spools),
      surroundings_(std::move(surroundings)),
      limits_(limits),
      bounce_(loop, "private/bounce"),
      changed_(loop),
      scope_(loop) {}

void Scheduler::start() { scope_.spawn(take_up_due()); }

void Scheduler::wake() {
  next_due_ = 1;
  changed_.notify();
}

void Scheduler::rest() {
  resting_ = true;
  changed_.notify();
}

// ---- becoming active

bool Scheduler::reserve() {
  if (!has_room()) return false;
  ++active_;
  return true;
}

void Scheduler::stored(MessagePtr message) {
  surroundings_.queued(1);
  if (message->due == 0) {
    activate(std::move(message));
    return;
  }
  next_due_ = next_due_ == 0 ? message->due : std::min(next_due_, message->due);
  changed_.notify();
}

net::Task<void> Scheduler::take_up_due() {
  while (!resting_) {
    const std::int64_t now = wall_micros();
    if (next_due_ != 0 && next_due_ <= now && has_room()) {
      const std::size_t most = std::min(kTakeAtOnce, limits_.active_messages - active_);
      active_ += most;
      auto due = co_await store_.take_due(now, most);
      active_ -= most;
      if (!due) {
        log_warning(due.error().text);
        co_await net::sleep_until(loop_, loop_.in(seconds(1)));
        continue;
      }
      active_ += due->size();
      for (MessagePtr& message : *due) activate(std::move(message));
      if (due->size() < most) {
        auto next = co_await store_.next_due();
        next_due_ = next ? *next : wall_micros() + 1'000'000;
      }
      continue;
    }
    Deadline until = Deadline::max();
    if (next_due_ != 0 && has_room())
      until = loop_.in(microseconds(std::max<std::int64_t>(0, next_due_ - now)));
    const bool changed = co_await changed_.wait(until);
    if (!changed) continue;
  }
}

void Scheduler::activate(MessagePtr message) {
  if (resting_) return;
  message->activated = wall_micros();
  content_bytes_ += message->content.size();
  if (content_bytes_ > kMostContent) forget_content(*message);
  scope_.spawn(sort(std::move(message)));
}

void Scheduler::forget_content(Message& message) {
  content_bytes_ -= message.content.size();
  std::string().swap(message.content);
  message.has_content = false;
}

bool Scheduler::expired(const Message& message) const {
  const microseconds lifetime = message.sender.empty() ? limits_.bounce_lifetime : limits_.lifetime;
  return message.attempts > 0 && wall_micros() - message.arrived >= lifetime.count();
}

// ---- sorting recipients into deliveries

net::Task<void> Scheduler::sort(MessagePtr message) {
  const std::string id = surroundings_.id_text(message->id);
  if (expired(*message)) {
    log_info(concat(id, ": from=<", message->sender, ">, status=expired, returned to sender"));
    for (Recipient& r : message->recipients) {
      if (r.state == RecipientState::pending) r.state = RecipientState::failed;
    }
  } else {
    log_info(concat(id, ": from=<", message->sender, ">, size=", message->size,
                    ", nrcpt=", message->recipients.size(), " (queue active)"));
  }
  ++message->in_delivery;  // ours, so that nothing concludes while we are sorting
  std::map<std::string, Delivery> open;
  for (std::size_t i = 0; i < message->recipients.size(); ++i) {
    if (message->recipients[i].state != RecipientState::pending) continue;
    auto placed = co_await place(message, i, open);
    if (!placed) {
      log_warning(concat(id, ": ", placed.error().text));
      defer(*message, message->recipients[i], "address resolver failure");
    }
  }
  for (auto& [key, delivery] : open) add(transport(key.substr(0, key.find('\0'))), std::move(delivery));
  open.clear();
  if (--message->in_delivery == 0) {
    co_await conclude(std::move(message));
  }
}

net::Task<Result<void>> Scheduler::place(const MessagePtr& message, std::size_t recipient,
                                         std::map<std::string, Delivery>& open) {
  auto next = co_await surroundings_.resolve(message->recipients[recipient].address, message->sender);
  if (!next) co_return fail(next.error());
  Transport& to = transport(next->transport);
  std::string key = next->transport;
  key += '\0';
  key += next->nexthop;
  Delivery& delivery = open[key];
  if (!delivery.message) {
    delivery.message = message;
    delivery.nexthop = next->nexthop;
    ++message->in_delivery;
  }
  message->recipients[recipient].address = next->recipient;
  delivery.recipients.push_back(recipient);
  if (to.limits.recipients > 0 &&
      delivery.recipients.size() >= static_cast<std::size_t>(to.limits.recipients)) {
    add(to, std::move(delivery));
    open.erase(key);
  }
  co_return Result<void>();
}

Transport& Scheduler::transport(const std::string& name) {
  auto& place = transports_[name];
  if (!place) {
    place = std::make_unique<Transport>(loop_, name, surroundings_.limits(name));
  }
  return *place;
}

void Scheduler::add(Transport& transport, Delivery delivery) {
  // A transport that takes one recipient at a time counts by recipient too.
  const bool by_recipient = transport.limits.mailboxes || transport.limits.recipients == 1;
  delivery.destination =
      by_recipient ? delivery.message->recipients[delivery.recipients.front()].address : delivery.nexthop;
  const std::string key = delivery.destination;
  Destination& destination = transport.destinations[key];
  destination.waiting.push_back(std::move(delivery));
  make_ready(transport, key, destination);
  start_next(transport);
}

void Scheduler::make_ready(Transport& transport, const std::string& key, Destination& destination) {
  const int limit = transport.limits.concurrency;
  const bool may = !destination.waiting.empty() && (limit == 0 || destination.under_way < limit);
  if (!may || destination.is_ready) return;
  destination.is_ready = true;
  transport.ready.push_back(key);
}

// One delivery of each destination in turn.
void Scheduler::start_next(Transport& transport) {
  while (!resting_ && transport.under_way < transport.limits.at_once && !transport.ready.empty()) {
    const std::string key = std::move(transport.ready.front());
    transport.ready.pop_front();
    Destination& destination = transport.destinations[key];
    destination.is_ready = false;
    Delivery delivery = std::move(destination.waiting.front());
    destination.waiting.pop_front();
    ++destination.under_way;
    ++transport.under_way;
    make_ready(transport, key, destination);
    scope_.spawn(deliver(transport, std::move(delivery)));
  }
}

void Scheduler::ended(Transport& transport, const std::string& key) {
  const auto place = transport.destinations.find(key);
  --transport.under_way;
  --place->second.under_way;
  make_ready(transport, key, place->second);
  if (place->second.under_way == 0 && place->second.waiting.empty()) transport.destinations.erase(place);
  start_next(transport);
}

}  // namespace postern::qmgr
