// The second half of the scheduler: from a request to an agent to the end of a message.
#include <algorithm>
#include <cerrno>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/mail/delivery_log.h"
#include "queue/qmgr/scheduler.h"

namespace postern::qmgr {

namespace {

constexpr int kTriesAfterLoss = 4;            // of a request whose agent died
constexpr milliseconds kPauseAfterLoss{100};  // doubled each time

void set_result(Recipient& recipient, RecipientState state, std::string dsn, std::string reason) {
  recipient.state = state;
  recipient.dsn = std::move(dsn);
  recipient.reason = std::move(reason);
}

ipc::SmtpClient client_of(const queue::Client& from) {
  ipc::SmtpClient to;
  to.name = from.name;
  to.address = from.address;
  to.port = from.port;
  to.helo = from.helo;
  to.protocol = from.protocol;
  to.sasl_method = from.sasl_method;
  to.sasl_username = from.sasl_username;
  to.sasl_sender = from.sasl_sender;
  return to;
}

RecipientState state_after(ipc::DeliveryStatus status) {
  switch (status) {
    case ipc::DeliveryStatus::sent: return RecipientState::done;
    case ipc::DeliveryStatus::bounced: return RecipientState::failed;
    case ipc::DeliveryStatus::deferred: return RecipientState::pending;
  }
  return RecipientState::pending;
}

}  // namespace

// A recipient that no agent has seen.
void Scheduler::defer(const Message& message, Recipient& recipient, std::string reason) {
  set_result(recipient, RecipientState::pending, "4.3.0", std::move(reason));
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
  attempt.status = "deferred";
  attempt.text = recipient.reason;
  mail::log_delivery(attempt);
}

// ---- delivering

net::Task<Result<ipc::Deliver>> Scheduler::request_for(const Delivery& delivery) {
  Message& message = *delivery.message;
  if (!message.has_content) {
    auto content = co_await store_.content(message.id);
    if (!content) co_return fail(content.error());
    message.content = std::move(*content);
    message.has_content = true;
    content_bytes_ += message.content.size();
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
  request.client = client_of(message.client);
  request.purpose = static_cast<ipc::Purpose>(message.purpose);
  request.content = message.content;
  for (const std::size_t at : delivery.recipients) {
    const Recipient& r = message.recipients[at];
    ipc::DeliverTo to;
    to.number = r.number;
    to.address = r.address;
    to.original = r.original;
    to.notify = r.notify;
    to.orcpt = r.orcpt;
    request.recipients.push_back(std::move(to));
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
    auto answer = co_await transport.agent.ask<ipc::DeliverCall>(*request, loop_.in(limits_.delivery));
    const bool again = !answer && (answer.error().kind == Errc::lost || answer.error().sys == ECONNREFUSED);
    if (!again || attempt == kTriesAfterLoss) co_return answer;
    co_await net::sleep_until(loop_, loop_.in(pause));
    pause *= 2;
  }
}

net::Task<void> Scheduler::deliver(Transport& transport, Delivery delivery) {
  auto answer = co_await ask_agent(transport, delivery);
  Message& message = *delivery.message;
  if (answer) {
    for (ipc::DeliveryResult& result : answer->results) {
      const auto named = std::lower_bound(message.recipients.begin(), message.recipients.end(), result.number,
                                          [](const Recipient& r, std::int64_t n) { return r.number < n; });
      if (named == message.recipients.end() || named->number != result.number) continue;
      set_result(*named, state_after(result.status), std::move(result.dsn), std::move(result.text));
    }
  } else {
    log_warning(concat(surroundings_.id_text(message.id), ": transport: ", answer.error().text));
    for (const std::size_t at : delivery.recipients) {
      defer(message, message.recipients[at], "mail transport unavailable");
    }
  }
  ended(transport, delivery.destination);
  if (--message.in_delivery == 0) {
    co_await conclude(std::move(delivery.message));
  } else {
    record_progress(delivery.message, delivery);
  }
}

// Of a message to many what is done is recorded as it comes, so that a crash repeats little.
void Scheduler::record_progress(const MessagePtr& message, const Delivery& delivery) {
  Change change;
  change.message = message->id;
  for (const std::size_t at : delivery.recipients) {
    const Recipient& r = message->recipients[at];
    if (r.state == RecipientState::done) change.settled.push_back(r.number);
  }
  if (!change.settled.empty()) scope_.spawn(store_.record(std::move(change)));
}

// ---- when every recipient has an answer

net::Task<void> Scheduler::conclude(MessagePtr message) {
  const bool failures = std::any_of(message->recipients.begin(), message->recipients.end(),
                                    [](const Recipient& r) { return r.state == RecipientState::failed; });
  if (failures) {
    co_await notify_sender(message);
  }
  co_await defer_or_finish(message);
  content_bytes_ -= message->content.size();
  --active_;
  if (next_due_ != 0) changed_.notify();
}

net::Task<void> Scheduler::notify_sender(const MessagePtr& message) {
  bool told = message->sender.empty();  // nobody: what fails on its way back to a sender ends here
  if (!told) {
    ipc::Notify question;
    question.queue_id = message->id;
    question.sender = message->sender;
    question.envid = message->envid;
    question.ret = message->ret;
    question.arrived = message->arrived;
    question.size = message->size;
    for (const Recipient& r : message->recipients) {
      if (r.state != RecipientState::failed) continue;
      ipc::NotifyOf& of = question.recipients.emplace_back();
      of.number = r.number;
      of.address = r.address;
      of.original = r.original;
      of.notify = r.notify;
      of.orcpt = r.orcpt;
      of.dsn = r.dsn;
      of.reason = r.reason;
      of.remote_mta = r.remote_mta;
      of.diagnostic = r.diagnostic;
    }
    auto content = co_await store_.content(message->id);
    if (content) question.content = std::move(*content);
    auto answer = co_await bounce_.ask<ipc::NotifyCall>(question, loop_.in(limits_.answer));
    told = answer && answer->code / 100 == 2;
    if (!told) {
      log_warning(concat(surroundings_.id_text(message->id), ": the sender cannot be told of a failure now: ",
                         answer ? answer->text : answer.error().text));
    }
  }
  if (!told) co_return;
  for (Recipient& r : message->recipients) {
    if (r.state == RecipientState::failed) r.state = RecipientState::done;
  }
}

// Each attempt waits as long as the message is old, within the limits.
std::int64_t Scheduler::next_attempt(const Message& message) const {
  const std::int64_t now = wall_micros();
  return now + std::clamp(now - message.arrived, limits_.least_backoff.count(), limits_.most_backoff.count());
}

net::Task<void> Scheduler::defer_or_finish(const MessagePtr& message) {
  Change change;
  change.message = message->id;
  for (const Recipient& r : message->recipients) {
    if (r.state == RecipientState::done) {
      change.settled.push_back(r.number);
    } else {
      change.remaining.push_back(r);
    }
  }
  change.finished = change.remaining.empty();
  if (!change.finished) {
    change.due = next_attempt(*message);
    change.attempts = message->attempts + 1;
  }
  const bool finished = change.finished;
  change.durable = finished && message->spooled;  // a power cut must not leave a message whose file is gone
  const std::int64_t due = change.due;
  co_await store_.record(std::move(change));
  if (!finished) {
    next_due_ = next_due_ == 0 ? due : std::min(next_due_, due);
    co_return;
  }
  if (message->spooled) spools_.remove(message->id);
  log_info(concat(surroundings_.id_text(message->id), ": removed"));
  surroundings_.queued(-1);
}

}  // namespace postern::qmgr
