// What fails at a member of a list is for the owner of the list to hear, not for who wrote to it. Members with addresses
// have messages of their own, from the owner; a command or a file has none.
#include <unistd.h>

#include "deliver/local/expansion.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/ipc/messages/notify.h"

namespace postern::deliver {

namespace {

ipc::NotifyOf failure_of(const Step& step, const Outcome& outcome) {
  ipc::NotifyOf of;  // without a number: the recipient in the queue is the list, which has not failed
  of.address = step.address;
  of.original = step.original;
  of.notify = step.notify;
  of.orcpt = step.orcpt;
  of.dsn = outcome.dsn;
  of.reason = outcome.text;
  of.remote_mta = outcome.remote_mta;
  of.diagnostic = outcome.diagnostic;
  return of;
}

}  // namespace

net::Task<void> Expansion::tell_owners() {
  for (const auto& [step, outcome] : for_owners_) {
    co_await tell_owner(step, outcome);
    if (deferred_) co_return;
  }
}

net::Task<void> Expansion::tell_owner(const Step& step, const Outcome& outcome) {
  ipc::Notify question;
  question.queue_id = message_->queue_id;
  question.sender = step.sender;
  question.envid = step.envid;
  question.ret = step.ret;
  question.arrived = message_->arrived;
  question.size = message_->size;
  question.smtputf8 = message_->smtputf8;
  question.recipients.push_back(failure_of(step, outcome));
  question.content = message_->content;
  if (message_->spool) question.spool = Fd(::dup(message_->spool.get()));
  auto answer = co_await local_.agent_named("bounce").ask<ipc::NotifyCall>(
      question, local_.loop().in(settings().ask_limit));
  if (answer && answer->code / 100 == 2) co_return;
  log_warning(concat(local_.id_text(message_->queue_id),
                     ": the owner of a list cannot be told of a failure now: ",
                     answer ? answer->text : answer.error().text));
  deferred_ = Outcome::deferred("4.3.0", outcome.text);
}

}  // namespace postern::deliver
