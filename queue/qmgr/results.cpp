#include "queue/qmgr/results.h"

#include "lib/base/text.h"

namespace postern::qmgr {

namespace {

bool is_purpose(const Message& message, ipc::Purpose purpose) {
  return message.purpose == static_cast<int>(purpose);
}

ipc::DeliveryStatus status_of(const Recipient& r) {
  if (r.state == RecipientState::failed || r.dsn.starts_with('5')) return ipc::DeliveryStatus::bounced;
  return r.dsn.starts_with('2') ? ipc::DeliveryStatus::sent : ipc::DeliveryStatus::deferred;
}

struct Verdict {
  RecipientState state = RecipientState::pending;
  bool softened = false;
};

Verdict judge(const Message& message, const Recipient& recipient, const ipc::DeliveryResult& result,
              bool soft_bounce) {
  if (is_purpose(message, ipc::Purpose::verify)) return {RecipientState::succeeded};
  switch (result.status) {
    case ipc::DeliveryStatus::sent: {
      const bool told = is_purpose(message, ipc::Purpose::record) ||
                        (result.arrival != ipc::Arrival::passed_on && wants(recipient.notify, "SUCCESS"));
      return {told && !message.sender.empty() ? RecipientState::succeeded : RecipientState::done};
    }
    case ipc::DeliveryStatus::bounced:
      if (soft_bounce) return {RecipientState::pending, true};
      return {wants(recipient.notify, "FAILURE") ? RecipientState::failed : RecipientState::done};
    case ipc::DeliveryStatus::deferred: break;
  }
  return {};
}

}  // namespace

bool wants(std::string_view notify, std::string_view what) {
  if (notify.empty()) return what != "SUCCESS";
  for (const auto word : split_fields(notify, ',')) {
    if (iequals(trim(word), what)) return true;
  }
  return false;
}

void take(const Message& message, Recipient& recipient, ipc::DeliveryResult result, bool soft_bounce) {
  const Verdict verdict = judge(message, recipient, result, soft_bounce);
  recipient.state = verdict.state;
  recipient.dsn = std::move(result.dsn);
  if (verdict.softened && recipient.dsn.starts_with('5')) recipient.dsn.front() = '4';
  recipient.reason = std::move(result.text);
  recipient.remote_mta = std::move(result.remote_mta);
  recipient.diagnostic = std::move(result.diagnostic);
  recipient.arrival = static_cast<int>(result.arrival);
}

void take_refusal(const Message& message, Recipient& recipient, std::string dsn, std::string reason) {
  ipc::DeliveryResult result;
  result.dsn = std::move(dsn);
  result.text = std::move(reason);
  take(message, recipient, std::move(result), false);
}

void give_up(Recipient& r) {
  if (r.dsn.empty()) {
    r.dsn = "4.4.7";
    r.reason = "message expired";
  }
  r.state = wants(r.notify, "FAILURE") ? RecipientState::failed : RecipientState::done;
}

ipc::Notify notification(ipc::NotifyKind kind, const Message& message) {
  ipc::Notify question;
  question.kind = kind;
  question.queue_id = message.id;
  question.sender = message.sender;
  question.envid = message.envid;
  question.ret = message.ret;
  question.arrived = message.arrived;
  question.size = message.size;
  question.smtputf8 = message.smtputf8;
  question.purpose = static_cast<ipc::Purpose>(message.purpose);
  return question;
}

ipc::NotifyOf notified(const Recipient& r) {
  ipc::NotifyOf of;
  of.number = r.number;
  of.address = r.address;
  of.original = r.original;
  of.notify = r.notify;
  of.orcpt = r.orcpt;
  of.status = status_of(r);
  of.arrival = static_cast<ipc::Arrival>(r.arrival);
  of.dsn = r.dsn;
  of.reason = r.reason;
  of.remote_mta = r.remote_mta;
  of.diagnostic = r.diagnostic;
  return of;
}

}  // namespace postern::qmgr
