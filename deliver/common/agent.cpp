#include "deliver/common/agent.h"

#include "lib/base/time.h"
#include "lib/config/values.h"
#include "lib/mail/delivery_log.h"
#include "lib/mail/queue_id.h"
#include "lib/net/scope.h"

namespace postern::deliver {

namespace {

std::string_view word(ipc::DeliveryStatus status) {
  switch (status) {
    case ipc::DeliveryStatus::sent: return "sent";
    case ipc::DeliveryStatus::bounced: return "bounced";
    case ipc::DeliveryStatus::deferred: break;
  }
  return "deferred";
}

}  // namespace

Result<void> Agent::prepare(daemon::Context& context) {
  return configure(context.settings(), context.loop(), context.rights());
}

Result<void> Agent::configure(const config::Settings& settings, net::Loop& loop, daemon::Rights& rights) {
  const auto long_ids = settings.value("enable_long_queue_ids");
  if (!long_ids) return fail(long_ids.error());
  const auto yes = config::parse_bool(*long_ids);
  if (!yes) return fail(yes.error().kind, "enable_long_queue_ids: " + yes.error().text);
  long_ids_ = *yes;
  loop_ = &loop;
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

net::Task<ipc::Delivered> Agent::answer(ipc::Deliver question) {
  const std::int64_t begun = wall_micros();
  const auto message = std::make_shared<const ipc::Deliver>(std::move(question));
  ipc::Delivered answer;
  answer.results.resize(message->recipients.size());
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

net::Task<void> Agent::deliver_one(MessagePtr message, std::size_t index, std::int64_t begun,
                                   ipc::Delivered& answer) {
  const ipc::DeliverTo& recipient = message->recipients[index];
  auto outcome = co_await deliver(message, recipient);
  const std::string id = id_text(message->queue_id);
  mail::Attempt attempt;
  attempt.queue_id = id;
  attempt.address = recipient.address;
  attempt.original = recipient.original;
  attempt.relay = relay_;
  attempt.arrived = message->arrived;
  attempt.activated = message->activated;
  attempt.begun = begun;
  attempt.connected = begun;
  attempt.ended = wall_micros();
  attempt.dsn = outcome.dsn;
  attempt.status = word(outcome.status);
  attempt.text = outcome.text;
  mail::log_delivery(attempt);
  ipc::DeliveryResult& result = answer.results[index];
  result.number = recipient.number;
  result.status = outcome.status;
  result.dsn = std::move(outcome.dsn);
  result.text = std::move(outcome.text);
}

std::string Agent::id_text(std::int64_t queue_id) const {
  const mail::QueueId id(queue_id);
  return long_ids_ ? id.long_text() : id.short_text();
}

}  // namespace postern::deliver
