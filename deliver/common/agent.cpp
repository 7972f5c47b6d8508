#include "deliver/common/agent.h"

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/config/values.h"
#include "lib/mail/delivery_log.h"
#include "lib/mail/queue_id.h"
#include "lib/mail/status.h"
#include "lib/net/scope.h"

namespace postern::deliver {

namespace {

using ipc::DeliveryStatus;

constexpr std::string_view kNone = "none";

std::string_view word(DeliveryStatus status, ipc::Purpose purpose) {
  if (purpose == ipc::Purpose::verify)
    return status == DeliveryStatus::sent ? "deliverable" : "undeliverable";
  switch (status) {
    case DeliveryStatus::sent: return "sent";
    case DeliveryStatus::bounced: return "bounced";
    case DeliveryStatus::deferred: break;
  }
  return "deferred";
}

Result<bool> read_bool(const config::Settings& settings, std::string_view name) {
  const auto text = settings.value(name);
  if (!text) return fail(text.error());
  const auto yes = config::parse_bool(*text);
  if (!yes) return fail(yes.error().kind, concat(name, ": ", yes.error().text));
  return *yes;
}

}  // namespace

Result<void> Agent::prepare(daemon::Context& context) {
  ServiceEntry entry{context.service_name(), context.arguments().rest, context.arguments().chroot,
                     context.slot()};
  return configure(context.settings(), context.loop(), context.rights(), std::move(entry));
}

Result<void> Agent::configure(const config::Settings& settings, net::Loop& loop, daemon::Rights& rights,
                              ServiceEntry entry) {
  const auto long_ids = read_bool(settings, "enable_long_queue_ids");
  if (!long_ids) return fail(long_ids.error());
  const auto soft_bounce = read_bool(settings, "soft_bounce");
  if (!soft_bounce) return fail(soft_bounce.error());
  if (!filter_name_.empty()) {
    const auto tables = settings.value(filter_name_);
    if (!tables) return fail(tables.error());
    auto opened = table::Maps::open(filter_name_, *tables);
    if (!opened) return fail(opened.error());
    filter_ = std::move(*opened);
  }
  long_ids_ = *long_ids;
  soft_bounce_ = *soft_bounce;
  loop_ = &loop;
  entry_ = std::move(entry);
  if (relay_ != kNone && !entry_.name.empty()) relay_ = entry_.name;
  handlers_.on<ipc::DeliverCall>([this](ipc::Deliver question) { return answer(std::move(question)); });
  return read_settings(settings, rights);
}

net::Task<void> Agent::serve(net::Accepted connection) {
  co_await ipc::serve(*loop_, std::move(connection.fd), handlers_, &farewell_);
}

// What qmgr asks from now on is for our successor. When the mail system stops there is none.
void Agent::leave(daemon::Leave why) {
  if (why == daemon::Leave::reload) farewell_.say();
}

net::Task<Outcome> Agent::deliver_all(MessagePtr) { co_return Outcome::misconfigured(); }

net::Task<ipc::Delivered> Agent::answer(ipc::Deliver question) {
  const std::int64_t begun = wall_micros();
  const auto message = std::make_shared<const ipc::Deliver>(std::move(question));
  ipc::Delivered answer;
  answer.results.resize(message->recipients.size());
  if (together()) {
    co_await answer_together(message, begun, answer);
    co_return answer;
  }
  if (answer.results.size() == 1) {
    co_await deliver_one(message, 0, begun, answer);
    co_return answer;
  }
  // Side by side, so that they share the wait for the disk. The scope dies before the answer that it fills.
  net::Scope scope(*loop_);
  for (std::size_t i = 0; i < answer.results.size(); ++i) scope.spawn(deliver_one(message, i, begun, answer));
  const bool all = co_await scope.drained(Deadline::max());  // each ends: threads answer, or the process dies
  if (!all) scope.cancel();
  co_return answer;
}

net::Task<void> Agent::answer_together(MessagePtr message, std::int64_t begun, ipc::Delivered& answer) {
  if (message->recipients.empty()) co_return;
  auto outcome = co_await deliver_all(message);
  co_await filter(outcome);
  for (std::size_t i = 0; i < answer.results.size(); ++i) report(*message, i, begun, outcome, answer);
}

net::Task<void> Agent::deliver_one(MessagePtr message, std::size_t index, std::int64_t begun,
                                   ipc::Delivered& answer) {
  auto outcome = co_await deliver(message, message->recipients[index]);
  co_await filter(outcome);
  report(*message, index, begun, std::move(outcome), answer);
}

// A delivery status filter: the code and text of a result give others, of a kind that a failure can change to.
net::Task<void> Agent::filter(Outcome& outcome) const {
  if (filter_.empty() || outcome.is_logged) co_return;
  const std::string key = concat(outcome.dsn, " ", outcome.text);
  auto found = co_await filter_.lookup(key);
  if (!found) {
    log_warning(found.error().text);
    co_return;
  }
  if (!*found) co_return;
  const auto [dsn, text] = mail::split_dsn(**found);
  const bool was_sent = outcome.status == DeliveryStatus::sent;
  if (!dsn.given() || (dsn.kind == 2) != was_sent) {
    log_warning(concat(filter_name_, ": bad result \"", **found, "\" for \"", key, '"'));
    co_return;
  }
  outcome.dsn = dsn.text();
  outcome.text = std::string(text);
  if (!was_sent) outcome.status = dsn.kind == 4 ? DeliveryStatus::deferred : DeliveryStatus::bounced;
}

void Agent::log_attempt(const ipc::Deliver& message, std::string_view address, std::string_view original,
                        std::int64_t begun, const Outcome& outcome) const {
  const std::string id = id_text(message.queue_id);
  const bool softened = soft_bounce_ && outcome.status == DeliveryStatus::bounced;
  const std::string dsn = softened ? concat("4", outcome.dsn.substr(1)) : outcome.dsn;
  mail::Attempt attempt;
  attempt.queue_id = id;
  attempt.address = address;
  attempt.original = original;
  attempt.relay = outcome.relay.empty() ? relay_ : outcome.relay;
  attempt.arrived = message.arrived;
  attempt.activated = message.activated;
  attempt.begun = begun;
  attempt.connected = begun;
  attempt.ended = wall_micros();
  attempt.dsn = dsn;
  attempt.status = softened ? "SOFTBOUNCE" : word(outcome.status, message.purpose);
  attempt.text = outcome.text;
  mail::log_delivery(attempt);
}

void Agent::report(const ipc::Deliver& message, std::size_t index, std::int64_t begun, Outcome outcome,
                   ipc::Delivered& answer) const {
  const ipc::DeliverTo& recipient = message.recipients[index];
  if (!outcome.is_logged) log_attempt(message, recipient.address, recipient.original, begun, outcome);
  ipc::DeliveryResult& result = answer.results[index];
  result.number = recipient.number;
  result.status = outcome.status;
  if (soft_bounce_ && outcome.status == DeliveryStatus::bounced) {
    result.status = DeliveryStatus::deferred;
    outcome.dsn.replace(0, 1, "4");
  }
  result.dsn = std::move(outcome.dsn);
  result.text = std::move(outcome.text);
  result.arrival = outcome.arrival;
  result.relay = outcome.relay.empty() ? std::string(relay_) : std::move(outcome.relay);
  result.remote_mta = std::move(outcome.remote_mta);
  result.diagnostic = std::move(outcome.diagnostic);
}

std::string Agent::id_text(std::int64_t queue_id) const {
  const mail::QueueId id(queue_id);
  return long_ids_ ? id.long_text() : id.short_text();
}

}  // namespace postern::deliver
