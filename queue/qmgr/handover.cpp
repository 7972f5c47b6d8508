// Making room for a successor while agents work for us: what they have in hand is leased to this process, and the
// successor hears of each result (docs/formats/queue.md).
#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "queue/qmgr/scheduler.h"

namespace postern::qmgr {

namespace {

constexpr const char* kDirectory = "queue";
constexpr seconds kEndOfWork{1};         // for what is to be recorded, and not in an agent's hands
constexpr milliseconds kAskAgain{200};   // a successor that does not answer
constexpr milliseconds kLookAgain{500};  // whether a holder still lives

ipc::ReportOf report_of(const Recipient& r) {
  ipc::ReportOf of;
  of.number = r.number;
  of.state = static_cast<int>(r.state);
  of.dsn = r.dsn;
  of.reason = r.reason;
  of.transport = r.transport;
  of.nexthop = r.nexthop;
  of.remote_mta = r.remote_mta;
  of.diagnostic = r.diagnostic;
  of.arrival = r.arrival;
  return of;
}

Change change_from(ipc::Report report) {
  Change change;
  change.message = report.queue_id;
  change.due = std::max<std::int64_t>(report.due, 1);
  change.attempts = report.attempts;
  for (ipc::ReportOf& of : report.recipients) {
    const auto state = static_cast<RecipientState>(std::clamp(of.state, 0, 3));
    if (state == RecipientState::done) {
      change.settled.push_back(of.number);
      continue;
    }
    Recipient& r = change.remaining.emplace_back();
    r.number = of.number;
    r.state = state;
    r.dsn = std::move(of.dsn);
    r.reason = std::move(of.reason);
    r.transport = std::move(of.transport);
    r.nexthop = std::move(of.nexthop);
    r.remote_mta = std::move(of.remote_mta);
    r.diagnostic = std::move(of.diagnostic);
    r.arrival = of.arrival;
  }
  return change;
}

}  // namespace

net::Task<void> Scheduler::hand_over() {
  pauses_.cancel();
  handing_over_ = true;
  const bool recorded = co_await scope_.drained(loop_.in(kEndOfWork));
  if (!recorded) scope_.cancel();
  co_await store_.quiet();
  std::vector<std::int64_t> lent;
  for (const auto& [id, active] : messages_) {
    if (active->in_hand > 0 || !active->kept.empty()) lent.push_back(id);
  }
  if (!lent.empty()) {
    auto holder = Holder::become(kDirectory);
    if (holder) {
      holder_ = std::move(*holder);
      std::function<Result<void>(Database&)> work = [lent, number = holder_->number()](Database& database) {
        return database.lease(lent, number);
      };
      auto leased = co_await store_.run<void>(Job::Kind::durable, std::move(work));
      if (!leased) log_warning(leased.error().text);
    } else {
      log_warning(holder.error().text);
    }
  }
  store_.close();
  surroundings_.closed();
  if (!holder_) co_return;
  log_info(concat("left the queue to another process; ", lent.size(), " messages are in agents' hands"));
  is_closed_ = true;
  for (const std::int64_t id : lent) {
    const ActivePtr active = messages_.at(id);
    if (active->in_hand == 0) hands_.spawn(report(active));
  }
  const bool reported = co_await hands_.drained(Deadline::max());
  if (reported) holder_->resign();
}

// The results of a delivery that ended after the database had another owner.
void Scheduler::keep(const Delivery& delivery) {
  const ActivePtr& active = delivery.slice->active;
  for (const std::uint32_t at : delivery.recipients) {
    const Recipient& r = delivery.slice->recipients[at];
    if (r.state != RecipientState::pending || !r.dsn.empty()) active->kept.push_back(r);
  }
  if (is_closed_ && active->in_hand == 0) hands_.spawn(report(active));
}

net::Task<void> Scheduler::report(ActivePtr active) {
  const Message& m = *active->message;
  ipc::Report report;
  report.queue_id = m.id;
  report.holder = holder_->number();
  report.attempts = m.attempts + 1;
  // Unless all of it waits for another attempt there is something to do at once.
  const bool all_deferred = active->kept.size() == m.count &&
                            std::all_of(active->kept.begin(), active->kept.end(), [](const Recipient& r) {
                              return r.state == RecipientState::pending || r.state == RecipientState::done;
                            });
  const bool any_deferred = std::any_of(active->kept.begin(), active->kept.end(), [](const Recipient& r) {
    return r.state == RecipientState::pending;
  });
  report.due = all_deferred && any_deferred ? next_attempt(m) : wall_micros();
  for (const Recipient& r : active->kept) report.recipients.push_back(report_of(r));
  for (;;) {
    auto answer = co_await successor_.ask<ipc::ReportCall>(report, loop_.in(limits_.answer));
    if (answer) co_return;
    co_await net::sleep_until(loop_, loop_.in(kAskAgain));
  }
}

net::Task<ipc::Reported> Scheduler::reported(ipc::Report report) {
  const std::int64_t holder = report.holder;
  auto change = std::make_shared<const Change>(change_from(std::move(report)));
  std::function<Result<bool>(Database&)> work = [change, holder](Database& database) -> Result<bool> {
    auto ended = database.end_lease(change->message, holder);
    if (!ended || !*ended) return ended;
    auto applied = database.apply(*change);
    if (!applied) return fail(applied.error());
    return true;
  };
  ipc::Reported answer;
  for (;;) {
    auto recorded = co_await store_.run<bool>(Job::Kind::prompt, work);
    answer.recorded = recorded && *recorded;
    if (recorded) break;
    log_warning(recorded.error().text);
    co_await net::sleep_until(loop_, loop_.in(seconds(1)));
  }
  if (answer.recorded) {
    next_due_ = next_due_ == 0 ? change->due : std::min(next_due_, change->due);
    changed_.notify();
  }
  co_return answer;
}

// A holder that has died reports nothing any more: what it had is due.
net::Task<void> Scheduler::watch_leases() {
  using Ids = std::vector<std::int64_t>;
  while (!resting_) {
    std::function<Result<Ids>(Database&)> work = [](Database& database) { return database.holders(); };
    auto holders = co_await store_.run<Ids>(Job::Kind::prompt, std::move(work));
    if (holders && holders->empty()) co_return;
    Ids gone;
    if (holders) {
      std::copy_if(holders->begin(), holders->end(), std::back_inserter(gone),
                   [](std::int64_t holder) { return !Holder::lives(kDirectory, holder); });
    }
    for (const std::int64_t holder : gone) {
      std::function<Result<bool>(Database&)> end = [holder](Database& database) {
        return database.end_leases(holder);
      };
      auto ended = co_await store_.run<bool>(Job::Kind::prompt, std::move(end));
      if (ended) wake();
    }
    if (!gone.empty()) continue;
    const Deadline until = loop_.in(kLookAgain);
    while (!resting_ && loop_.now() < until) {
      const bool changed = co_await changed_.wait(until);
      if (!changed) break;
    }
  }
}

}  // namespace postern::qmgr
