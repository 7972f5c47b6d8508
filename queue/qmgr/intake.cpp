#include "queue/qmgr/intake.h"

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/desk/client.h"
#include "lib/ipc/messages/deliver.h"

namespace postern::qmgr {

namespace {

Recipient& add(Message& message, ipc::Recipient from) {
  Recipient& to = message.recipients.emplace_back();
  to.number = static_cast<std::int64_t>(message.recipients.size());
  to.address = std::move(from.address);
  to.original = std::move(from.original);
  to.notify = std::move(from.notify);
  to.orcpt = std::move(from.orcpt);
  return to;
}

MessagePtr message_from(ipc::Enqueue question) {
  auto message = std::make_shared<Message>();
  message->id = question.queue_id;
  message->arrived = question.arrived;
  message->size = question.size;
  message->sender = std::move(question.sender);
  message->body_type = std::move(question.body_type);
  message->smtputf8 = question.smtputf8;
  message->envid = std::move(question.envid);
  message->ret = std::move(question.ret);
  message->spooled = question.spooled;
  message->held = question.hold;
  message->source = static_cast<int>(question.source);
  message->purpose = static_cast<int>(question.purpose);
  message->filter = std::move(question.filter);
  message->message_id = std::move(question.message_id);
  message->subject = std::move(question.subject);
  message->client = desk::client_from(question.client);
  message->content = std::move(question.content);
  message->recipients.reserve(question.recipients.size() + question.expanded.size());
  for (ipc::Recipient& from : question.recipients) add(*message, std::move(from));
  for (ipc::Recipient& from : question.expanded) {
    Recipient& to = add(*message, std::move(from));
    to.state = RecipientState::succeeded;
    to.arrival = static_cast<int>(ipc::Arrival::expanded);
    to.dsn = "2.0.0";
    to.reason = "alias expanded";
  }
  return message;
}

queue::Settlement settlement_from(const ipc::Enqueue& question) {
  using How = queue::Settlement::How;
  queue::Settlement settlement;
  settlement.message = question.settles.queue_id;
  settlement.recipients = question.settled;
  switch (question.settles.how) {
    case ipc::Settling::nothing: settlement.how = How::nothing; break;
    case ipc::Settling::failure: settlement.how = How::failure; break;
    case ipc::Settling::success: settlement.how = How::success; break;
    case ipc::Settling::delay: settlement.how = How::delay; break;
    case ipc::Settling::forwarded: settlement.how = How::forwarded; break;
  }
  return settlement;
}

using ipc::outcome;

ipc::Outcome refusal(const Error& error) {
  if (error.kind == Errc::full) return outcome(452, "4.3.1", "Insufficient system storage");
  return outcome(451, "4.3.0", "Error: queue file write error");
}

}  // namespace

Intake::Intake(net::Loop& loop, Store& store, Spools& spools, Scheduler& scheduler,
               std::function<std::string(std::int64_t)> id_text)
    : loop_(loop), store_(store), spools_(spools), scheduler_(scheduler), id_text_(std::move(id_text)) {}

Intake::~Intake() { spools_.drop_all(this); }

net::Task<void> Intake::serve(Fd connection, Desk& desk, ipc::Farewell& farewell) {
  ipc::Handlers handlers;
  handlers.on<ipc::EnqueueCall>([this](ipc::Enqueue question) { return enqueue(std::move(question)); });
  handlers.on<ipc::OpenSpoolCall>([this](ipc::OpenSpool question) { return open_spool(question); });
  handlers.on<ipc::ReportCall>(
      [this](ipc::Report question) { return scheduler_.reported(std::move(question)); });
  handlers.on_tell<ipc::DropSpool>([this](ipc::DropSpool told) { spools_.drop(told.queue_id); });
  handlers.on<ipc::IsTakenCall>([this](ipc::IsTaken question) { return is_taken(question); });
  handlers.on_tell<ipc::ForgetTaken>(
      [this](ipc::ForgetTaken told) { scope_.spawn(store_.forget_taken(std::move(told.queue_ids))); });
  desk.add_to(handlers);
  co_await ipc::serve(loop_, std::move(connection), handlers, &farewell);
}

net::Task<ipc::SpoolOpened> Intake::open_spool(ipc::OpenSpool question) {
  ipc::SpoolOpened answer;
  auto file = spools_.create(question.queue_id, question.size, this);
  if (file) {
    answer.file = std::move(*file);
  } else {
    answer.problem = file.error().kind == Errc::full ? "full" : "error";
  }
  co_return answer;
}

net::Task<ipc::TakenAnswer> Intake::is_taken(ipc::IsTaken question) {
  auto taken = co_await store_.is_taken(question.queue_id);
  ipc::TakenAnswer answer;
  answer.known = taken.has_value();
  answer.taken = taken && *taken;
  co_return answer;
}

net::Task<Result<bool>> Intake::store(const MessagePtr& message, queue::Settlement settlement) {
  if (message->spooled) {
    auto claimed = co_await spools_.claim(message->id);
    if (!claimed) co_return fail(claimed.error());
  }
  auto stored = co_await store_.insert(message, std::move(settlement));
  const bool is_there = stored && *stored;
  if (!is_there && message->spooled) spools_.remove(message->id);
  co_return stored;
}

net::Task<ipc::Outcome> Intake::enqueue(ipc::Enqueue question) {
  if (question.queue_id <= 0 || question.recipients.empty())
    co_return outcome(554, "5.5.1", "Error: no valid recipients");
  const queue::Settlement settlement = settlement_from(question);
  MessagePtr message = message_from(std::move(question));
  const bool active = !message->held && scheduler_.reserve();
  if (!active) message->due = message->held ? wall_micros() : 1;  // before all that was deferred
  auto stored = co_await store(message, settlement);
  const bool is_there = stored && *stored;
  if (active && !is_there) scheduler_.release();
  // The answer to a submission was lost, and pickup asks again: it is in the queue, or has been.
  if (!stored && stored.error().kind == Errc::exists && message->source == queue::kSubmitted) {
    co_return outcome(250, "2.0.0", "Ok: taken before");
  }
  if (!stored) co_return refusal(stored.error());
  const std::string id = id_text_(message->id);
  scheduler_.settled(settlement);
  // The answer leaves first.
  if (is_there)
    loop_.post([&scheduler = scheduler_, message = std::move(message)] { scheduler.stored(message); });
  if (!is_there) co_return outcome(250, "2.0.0", "Ok: settled before");
  co_return outcome(250, "2.0.0", concat("Ok: queued as ", id));
}

}  // namespace postern::qmgr
