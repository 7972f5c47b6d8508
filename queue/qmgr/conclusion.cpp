// When every recipient of a message that is in memory has an answer: who is told, and what becomes of the message.
#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/mail/address.h"
#include "queue/qmgr/scheduler.h"

namespace postern::qmgr {

namespace {

constexpr std::size_t kMostTold = 10000;  // recipients of one notification

bool is_untold(const Recipient& r) {
  return r.state == RecipientState::failed || r.state == RecipientState::succeeded;
}

// What became of these recipients, and nothing about the message.
Change results_of(const Slice& slice) {
  Change change;
  change.message = slice.message().id;
  for (const Recipient& r : slice.recipients) {
    if (r.state == RecipientState::done) {
      change.settled.push_back(r.number);
    } else {
      change.remaining.push_back(r);
    }
  }
  return change;
}

std::size_t count_waiting(const Slice& slice) {
  return static_cast<std::size_t>(
      std::count_if(slice.recipients.begin(), slice.recipients.end(),
                    [](const Recipient& r) { return r.state == RecipientState::pending; }));
}

}  // namespace

void Scheduler::record_slice(const SlicePtr& slice) { scope_.spawn(store_.record(results_of(*slice))); }

net::Task<void> Scheduler::conclude(SlicePtr slice) {
  const ActivePtr active = slice->active;
  Message& m = *active->message;
  const bool expired = expires(m);
  std::size_t waiting = 0;
  if (active->sliced && !active->removed) {
    waiting = co_await gather(slice, expired);
  } else {
    waiting = count_waiting(*slice);
  }
  if (expired && waiting > 0) {
    const std::string_view status = m.forced_expire ? "force-expired" : "expired";
    log_info(concat(surroundings_.id_text(m.id), ": from=<", mail::shown_address(m.sender),
                    ">, status=", status, ", returned to sender"));
    if (!active->sliced) {
      for (Recipient& r : slice->recipients) {
        if (r.state == RecipientState::pending) give_up(r);
      }
    }
    waiting = 0;
  }
  if (!active->removed) {
    co_await tell(slice);
  }
  if (!active->removed && waiting > 0) {
    co_await warn(slice);
  }
  co_await defer_or_finish(slice, waiting);
  forget(*active);
}

// A message of several slices: what is still to be told of all of them takes the place of the last one's recipients.
// Gives the number of those that wait for another attempt, or did before they were given up.
net::Task<std::size_t> Scheduler::gather(const SlicePtr& slice, bool expired) {
  const std::int64_t id = slice->message().id;
  co_await store_.record(results_of(*slice));
  struct Found {
    std::vector<Recipient> untold;
    std::size_t waiting = 0;
  };
  std::function<Result<Found>(Database&)> work = [id, expired](Database& database) -> Result<Found> {
    Found found;
    auto waiting = database.count_in_state(id, RecipientState::pending);
    if (!waiting) return fail(waiting.error());
    found.waiting = *waiting;
    if (expired) {
      auto given_up = database.give_up(id);
      if (!given_up) return fail(given_up.error());
    }
    for (const auto state : {RecipientState::failed, RecipientState::succeeded}) {
      auto some = database.in_state(id, state, kMostTold);
      if (!some) return fail(some.error());
      std::move(some->begin(), some->end(), std::back_inserter(found.untold));
    }
    return found;
  };
  auto found = co_await store_.run<Found>(Job::Kind::prompt, std::move(work));
  slice->recipients.clear();
  if (!found) {
    log_warning(found.error().text);
    co_return 1;
  }
  slice->recipients = std::move(found->untold);
  co_return found->waiting;
}

// ---- telling the sender

// The states are recorded first: the commit of a notification settles what is there.
net::Task<void> Scheduler::tell(const SlicePtr& slice) {
  const auto& all = slice->recipients;
  const bool any = std::any_of(all.begin(), all.end(), is_untold);
  if (!any) co_return;
  if (!slice->active->sliced) {
    co_await store_.record(results_of(*slice));
  }
  for (const auto kind : {ipc::NotifyKind::failure, ipc::NotifyKind::success}) {
    if (slice->active->removed) co_return;
    const auto state = kind == ipc::NotifyKind::failure ? RecipientState::failed : RecipientState::succeeded;
    const bool told = co_await tell(slice, kind);
    if (!told) continue;
    for (Recipient& r : slice->recipients) {
      if (r.state == state) r.state = RecipientState::done;
    }
  }
}

net::Task<bool> Scheduler::tell(const SlicePtr& slice, ipc::NotifyKind kind) {
  const auto state = kind == ipc::NotifyKind::failure ? RecipientState::failed : RecipientState::succeeded;
  ipc::Notify question = notification(kind, slice->message());
  for (const Recipient& r : slice->recipients) {
    if (r.state == state) question.recipients.push_back(notified(r));
  }
  if (question.recipients.empty()) co_return false;
  co_return co_await ask_bounce(slice->message(), std::move(question));
}

// Once, when it is late enough.
net::Task<void> Scheduler::warn(const SlicePtr& slice) {
  Message& m = slice->message();
  const std::int64_t age = wall_micros() - m.arrived;
  if (m.warned || limits_.delay_warning.count() == 0 || age < limits_.delay_warning.count()) co_return;
  ipc::Notify question = notification(ipc::NotifyKind::delay, m);
  question.expires = m.arrived + (m.sender.empty() ? limits_.bounce_lifetime : limits_.lifetime).count();
  std::vector<Recipient> late = slice->recipients;
  if (slice->active->sliced) {
    std::function<Result<std::vector<Recipient>>(Database&)> work = [id = m.id](Database& database) {
      return database.in_state(id, RecipientState::pending, kMostTold);
    };
    auto read = co_await store_.run<std::vector<Recipient>>(Job::Kind::prompt, std::move(work));
    if (!read) co_return;
    late = std::move(*read);
  }
  for (const Recipient& r : late) {
    if (r.state == RecipientState::pending && wants(r.notify, "DELAY"))
      question.recipients.push_back(notified(r));
  }
  if (question.recipients.empty()) co_return;
  const bool told = co_await ask_bounce(m, std::move(question));
  m.warned = m.warned || told;
}

net::Task<bool> Scheduler::ask_bounce(const Message& message, ipc::Notify question) {
  if (message.has_content) {
    question.content = message.content;
  } else {
    auto content = co_await store_.content(message.id);
    if (content) question.content = std::move(*content);
  }
  if (message.spooled) {
    auto spool = spools_.open(message.id);
    if (spool) question.spool = std::move(*spool);
  }
  auto answer = co_await bounce_.ask<ipc::NotifyCall>(question, loop_.in(limits_.answer));
  if (answer && answer->code / 100 == 2) co_return true;
  const std::string why = answer ? answer->text : answer.error().text;
  log_warning(concat(surroundings_.id_text(message.id), ": the sender cannot be told now: ", why));
  co_return false;
}

// ---- the end, or the next attempt

bool Scheduler::expires(const Message& m) {
  if (m.held || resting_) return false;
  const microseconds lifetime = m.sender.empty() ? limits_.bounce_lifetime : limits_.lifetime;
  return m.forced_expire || wall_micros() - m.arrived >= lifetime.count();
}

// Each attempt waits as long as the message is old, within the limits.
std::int64_t Scheduler::next_attempt(const Message& message) const {
  const std::int64_t now = wall_micros();
  const auto least = limits_.least_backoff.count();
  return now + std::clamp(now - message.arrived, least, std::max(least, limits_.most_backoff.count()));
}

net::Task<void> Scheduler::defer_or_finish(const SlicePtr& slice, std::size_t waiting) {
  const ActivePtr active = slice->active;
  const Message& m = *active->message;
  Change change = results_of(*slice);
  const bool all_told = slice->recipients.size() < kMostTold || !active->sliced;
  const bool finished = active->removed || (waiting == 0 && change.remaining.empty() && all_told);
  change.finished = finished;
  if (!finished) {
    const bool soon = active->soon || active->requeued || resting_ || !all_told;
    change.due = soon ? wall_micros() : next_attempt(m);
    change.attempts = active->requeued ? 0 : m.attempts + (active->attempted ? 1 : 0);
    change.warned = m.warned;
  }
  change.durable = finished && m.spooled;  // a power cut must not leave a message whose file is gone
  const std::int64_t due = change.due;
  co_await store_.record(std::move(change));
  if (!finished && !active->removed) {
    next_due_ = next_due_ == 0 ? due : std::min(next_due_, due);
    co_return;
  }
  if (m.spooled) spools_.remove(m.id);
  log_info(concat(surroundings_.id_text(m.id), ": removed"));
  surroundings_.queued(-1);
}

}  // namespace postern::qmgr
