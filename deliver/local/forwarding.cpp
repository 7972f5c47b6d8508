#include "deliver/local/forwarding.h"

#include "deliver/common/content.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/ipc/messages/spool.h"

namespace postern::deliver {

namespace {

ipc::Submit submission(const ipc::Deliver& message, Forward forward, std::int64_t id) {
  ipc::Submit submit;
  submit.queue_id = id;
  submit.sender = std::move(forward.sender);
  submit.recipients = std::move(forward.recipients);
  submit.arrived = wall_micros();
  submit.client = message.client;
  submit.source = ipc::Source::forwarded;
  submit.purpose = message.purpose;
  submit.body_type = message.body_type;
  submit.smtputf8 = message.smtputf8;
  submit.envid = std::move(forward.envid);
  submit.ret = std::move(forward.ret);
  submit.spooled = static_cast<bool>(message.spool);
  return submit;
}

}  // namespace

Forwarding::Forwarding(const Agent& agent, const LocalSettings& settings, net::Workers& workers)
    : agent_(agent),
      settings_(settings),
      workers_(workers),
      ids_(agent.entry().slot),
      cleanup_(agent.loop(), "public/cleanup"),
      qmgr_(agent.loop(), "public/qmgr") {}

net::Task<Result<void>> Forwarding::copy_spool(MessagePtr message, std::int64_t id) {
  ipc::OpenSpool question;
  question.queue_id = id;
  question.size = message->size;
  auto opened = co_await qmgr_.ask<ipc::OpenSpoolCall>(question, agent_.loop().in(settings_.ask_limit));
  if (!opened) co_return fail(opened.error());
  if (!opened->problem.empty() || !opened->file) co_return fail(Errc::full, opened->problem);
  // Shared with the thread, which may outlive us.
  const auto file = std::make_shared<const Fd>(std::move(opened->file));
  const std::function<Result<void>()> copy = [message, file] { return copy_spooled(file->get(), *message); };
  co_return co_await workers_.run<Result<void>>(copy);
}

net::Task<Result<std::int64_t>> Forwarding::send(MessagePtr message, Forward forward,
                                                 std::optional<std::int64_t> settles) {
  const std::int64_t id = ids_.next().number();
  std::string added;  // cleanup adds Received:
  if (settings_.delivered_to_forward) added = delivered_to(lower(forward.delivered));
  ipc::Submit submit = submission(*message, std::move(forward), id);
  submit.content = added + message->content;
  submit.size = message->size + static_cast<std::int64_t>(added.size());
  if (settles) {
    submit.settles.how = ipc::Settling::forwarded;
    submit.settles.queue_id = message->queue_id;
    submit.settled = {*settles};
  }
  if (message->spool) {
    auto copied = co_await copy_spool(message, id);
    if (!copied) {
      ipc::DropSpool drop;
      drop.queue_id = id;
      qmgr_.tell(drop);
      co_return fail(copied.error());
    }
  }
  auto outcome = co_await cleanup_.ask<ipc::SubmitCall>(submit, agent_.loop().in(settings_.ask_limit));
  if (!outcome) co_return fail(outcome.error());
  if (outcome->code != 250) {
    co_return fail(outcome->code >= 500 ? Errc::denied : Errc::busy,
                   concat(outcome->dsn, " ", outcome->text));
  }
  co_return id;
}

}  // namespace postern::deliver
