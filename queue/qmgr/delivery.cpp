// Asking agents, and what their answers mean for a destination.
#include <cerrno>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/desk/client.h"
#include "queue/qmgr/scheduler.h"

namespace postern::qmgr {

namespace {

constexpr int kTriesAfterLoss = 4;            // of a request whose agent died
constexpr milliseconds kPauseAfterLoss{100};  // doubled each time

ipc::DeliverTo to_deliver(const Recipient& r) {
  ipc::DeliverTo to;
  to.number = r.number;
  to.address = r.address;
  to.original = r.original;
  to.notify = r.notify;
  to.orcpt = r.orcpt;
  return to;
}

}  // namespace

net::Task<Result<ipc::Deliver>> Scheduler::request_for(const Delivery& delivery) {
  Message& message = delivery.slice->message();
  if (!message.has_content) {
    auto content = co_await store_.content(message.id);
    if (!content) co_return fail(content.error());
    if (!message.has_content) {
      message.content = std::move(*content);
      message.has_content = true;
      content_bytes_ += message.content.size();
    }
  }
  ipc::Deliver request;
  request.queue_id = message.id;
  request.sender = message.sender;
  request.nexthop = delivery.nexthop;
  request.arrived = message.arrived;
  request.activated = message.activated;
  request.size = message.size;
  request.body_type = message.body_type;
  request.smtputf8 = message.smtputf8;
  request.envid = message.envid;
  request.ret = message.ret;
  request.attempts = message.attempts;
  request.client = desk::client_of(message.client);
  request.purpose = static_cast<ipc::Purpose>(message.purpose);
  request.content = message.content;
  request.recipients.reserve(delivery.recipients.size());
  for (const std::uint32_t at : delivery.recipients) {
    request.recipients.push_back(to_deliver(delivery.slice->recipients[at]));
  }
  if (message.spooled) {
    auto spool = spools_.open(message.id);
    if (!spool) co_return fail(spool.error());
    request.spool = std::move(*spool);
  }
  co_return request;
}

// An agent that dies in mid-delivery, or whose socket nobody serves at this moment, is asked again a little later:
// master starts another.
net::Task<Result<ipc::Delivered>> Scheduler::ask_agent(Transport& transport, const Delivery& delivery) {
  auto request = co_await request_for(delivery);
  if (!request) co_return fail(request.error());
  Duration pause = kPauseAfterLoss;
  for (int attempt = 1;; ++attempt) {
    // What is not in an agent's hands when we go is for our successor.
    if (resting_) co_return fail(Errc::shutting_down, "not begun");
    auto answer = co_await transport.agent.ask<ipc::DeliverCall>(*request, loop_.in(limits_.delivery));
    const bool again = !answer && (answer.error().kind == Errc::lost || answer.error().sys == ECONNREFUSED);
    if (!again || attempt == kTriesAfterLoss) co_return answer;
    co_await net::sleep_until(loop_, loop_.in(pause));
    pause *= 2;
  }
}

net::Task<void> Scheduler::deliver(Transport& transport, Transport::Hands::iterator hand, Delivery delivery) {
  Destination& destination = *hand->destination;
  auto answer = co_await ask_agent(transport, delivery);
  --delivery.slice->active->in_hand;
  if (answer) {
    take_answer(delivery, *answer);
    judge_site(transport, destination, *answer);
  } else if (answer.error().kind != Errc::shutting_down) {
    take_loss(transport, delivery, answer.error());
  }
  pause_after(transport, destination);
  const bool well = answer && answer->site_dsn.empty();
  transport.ended(hand, well ? Transport::End::well : Transport::End::badly, loop_.now());
  delivery_ended(delivery);
  start_next(transport);
}

void Scheduler::take_answer(const Delivery& delivery, ipc::Delivered& answer) {
  delivery.slice->active->attempted = true;
  for (ipc::DeliveryResult& result : answer.results) {
    Recipient* recipient = delivery.slice->find(result.number);
    if (recipient != nullptr)
      take(delivery.slice->message(), *recipient, std::move(result), limits_.soft_bounce);
  }
}

// No agent, or one that went away again and again.
void Scheduler::take_loss(Transport& transport, Delivery& delivery, const Error& error) {
  const bool connected = error.kind == Errc::lost && error.sys != ECONNREFUSED;
  const std::string_view reason = connected ? "unknown mail transport error" : "mail transport unavailable";
  log_warning(concat(surroundings_.id_text(delivery.slice->message().id), ": transport: ", error.text));
  for (const std::uint32_t at : delivery.recipients) refuse(delivery.slice, at, "4.3.0", reason);
  if (!connected && error.kind != Errc::timeout) suspend(transport);
}

void Scheduler::judge_site(Transport& transport, Destination& destination, const ipc::Delivered& answer) {
  if (answer.site_dsn.empty()) {
    destination.window.succeeded(destination.under_way);
    return;
  }
  if (destination.dead || !destination.window.failed()) return;
  Suspension& dead = destination.dead.emplace();
  dead.until = loop_.in(limits_.least_backoff);
  dead.dsn = answer.site_dsn;
  dead.text = concat("delivery temporarily suspended: ", answer.site_text);
  const Suspension why = dead;
  for (Delivery& waiting : transport.take_waiting(destination)) refuse(std::move(waiting), why.dsn, why.text);
}

// All that waits for it is deferred; so is what comes before the time is over.
void Scheduler::suspend(Transport& transport) {
  Suspension& dead = transport.dead.emplace();
  dead.until = loop_.in(limits_.transport_retry);
  dead.dsn = "4.3.0";
  dead.text = "mail transport unavailable";
  for (const auto& [id, active] : std::unordered_map(messages_)) {
    for (Delivery& waiting : transport.take_waiting(id)) refuse(std::move(waiting), dead.dsn, dead.text);
  }
}

// ---- delays between deliveries

void Scheduler::pause_after(Transport& transport, Destination& destination) {
  const TransportLimits& limits = transport.limits;
  if (limits.destination_delay.count() > 0 && !destination.pausing) {
    destination.pausing = true;
    pauses_.spawn(pause(transport, destination.key, limits.destination_delay));
  }
  if (limits.transport_delay.count() > 0 && !transport.pausing) {
    transport.pausing = true;
    pauses_.spawn(pause_transport(transport));
  }
}

net::Task<void> Scheduler::pause(Transport& transport, std::string key, Duration time) {
  co_await net::sleep_until(loop_, loop_.in(time));
  Destination& destination = transport.destination(key);
  destination.pausing = false;
  transport.resume(destination);
  start_next(transport);
}

net::Task<void> Scheduler::pause_transport(Transport& transport) {
  co_await net::sleep_until(loop_, loop_.in(transport.limits.transport_delay));
  transport.pausing = false;
  start_next(transport);
}

// ---- the end of a delivery

void Scheduler::delivery_ended(const Delivery& delivery) {
  const SlicePtr& slice = delivery.slice;
  if (handing_over_) {
    --slice->open;
    return keep(delivery);
  }
  // Of a slice that goes on, what is done is recorded as it comes, so that a crash repeats little.
  if (slice->open > 1 && !slice->active->removed) {
    Change change;
    change.message = slice->message().id;
    for (const std::uint32_t at : delivery.recipients) {
      const Recipient& r = slice->recipients[at];
      if (r.state == RecipientState::done) change.settled.push_back(r.number);
    }
    if (!change.settled.empty()) scope_.spawn(store_.record(std::move(change)));
  }
  part_ended(slice);
}

// One of those that keep a slice open has ended: a delivery, or the sorting.
void Scheduler::part_ended(const SlicePtr& slice) {
  if (--slice->open > 0) return;
  Active& active = *slice->active;
  --active.slices;
  recipients_ -= slice->recipients.size();
  read_on(slice->active);
  const bool last = active.slices == 0 && !active.reading;
  if (last) {
    scope_.spawn(conclude(slice));
  } else if (!active.removed) {
    record_slice(slice);
  }
}

}  // namespace postern::qmgr
