#include "queue/cleanup/cleanup.h"

#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/ipc/messages/spool.h"
#include "lib/mail/address.h"
#include "lib/mail/queue_id.h"

namespace postern::cleanup {

namespace {

using ipc::outcome;

ipc::Outcome queue_trouble() { return outcome(451, "4.3.0", "Error: queue file write error"); }

// The envelope could not be made: the reply has its enhanced code in front.
ipc::Outcome refusal(const Refused& refused, std::string_view id) {
  log_warning(concat(id, ": ", refused.log));
  if (refused.reply.empty()) return queue_trouble();
  const auto blank = refused.reply.find(' ');
  return outcome(451, refused.reply.substr(0, blank), refused.reply.substr(blank + 1));
}

void log_message_id(const Canonical& canonical, std::string_view id) {
  if (!canonical.resent_message_id.empty()) {
    log_info(concat(id, ": resent-message-id=", canonical.resent_message_id));
  }
  log_info(concat(id, ": message-id=", canonical.message_id.empty() ? "<>" : canonical.message_id));
}

// "from H[a]; from=<s> to=<r> proto=P helo=<h>", as lines about checks have it.
std::string who(const ipc::SmtpClient& client, const Envelope& envelope) {
  std::string out = "from local;";
  if (!client.address.empty()) out = concat("from ", client.name, '[', client.address, "];");
  out += concat(" from=<", mail::shown_address(envelope.sender()), "> to=<",
                mail::shown_address(envelope.first_recipient()), '>');
  if (!client.protocol.empty()) out += concat(" proto=", client.protocol);
  if (!client.helo.empty()) out += concat(" helo=<", printable(client.helo, 255), '>');
  return out;
}

ipc::Enqueue question_from(ipc::Submit& submitted, Canonical& canonical, std::size_t before) {
  ipc::Enqueue question;
  question.queue_id = submitted.queue_id;
  question.arrived = submitted.arrived;
  question.size = submitted.size + static_cast<std::int64_t>(canonical.content.size()) -
                  static_cast<std::int64_t>(before);
  question.body_type = std::move(submitted.body_type);
  question.smtputf8 = submitted.smtputf8;
  question.envid = std::move(submitted.envid);
  question.ret = std::move(submitted.ret);
  question.spooled = submitted.spooled;
  question.client = std::move(submitted.client);
  question.source = submitted.source;
  question.purpose = submitted.purpose;
  question.hold = submitted.hold;
  question.filter = std::move(submitted.filter);
  question.settles = submitted.settles;
  question.settled = std::move(submitted.settled);
  question.message_id = std::move(canonical.message_id);
  question.subject = std::move(canonical.subject);
  question.content = std::move(canonical.content);
  return question;
}

}  // namespace

net::Task<void> Cleanup::serve(net::Accepted connection) {
  const int user = net::peer_user(connection.fd.get());
  if (user != 0 && user != static_cast<int>(::geteuid())) {
    log_warning(concat("request refused: user ", user, " may not write to the queue"));
    co_return;
  }
  co_await ipc::serve(context_->loop(), std::move(connection.fd), handlers_, &farewell_);
}

// Sessions that go on find our successor: they may last for hours.
void Cleanup::leave(daemon::Leave why) {
  if (why == daemon::Leave::reload) farewell_.say();
}

std::string Cleanup::id_text(std::int64_t id) const {
  const mail::QueueId queue_id(id);
  return long_ids_ ? queue_id.long_text() : queue_id.short_text();
}

net::Task<Origin> Cleanup::origin_of(const ipc::Submit& submitted) const {
  if (submitted.client.address.empty()) co_return Origin::ours;
  auto ours = ours_.matches_now(submitted.client.address);
  if (!ours) {
    auto matched = co_await ours_.matches(submitted.client.address);
    ours = matched && *matched;
  }
  co_return *ours ? Origin::ours : Origin::foreign;
}

// Mail that the system itself sends was checked and copied when it came in, or never came from outside.
Cleanup::Treatment Cleanup::treatment_of(const ipc::Submit& submitted) const {
  Treatment treatment{addressing_, !submitted.unchecked};
  const bool outside = submitted.source == ipc::Source::remote || submitted.source == ipc::Source::submitted;
  if (submitted.source == ipc::Source::forwarded) treatment.checked = false;
  if (submitted.source == ipc::Source::notification) treatment.checked = checks_notifications_;
  treatment.addressing.map = !submitted.as_addressed;
  treatment.addressing.copies =
      outside && !submitted.as_addressed && submitted.purpose != ipc::Purpose::verify;
  return treatment;
}

net::Task<Result<Edits>> Cleanup::edit_header(const ipc::Submit& submitted, Origin origin, bool map) const {
  const bool ours = origin == Origin::ours;
  if (!ours && !completes_remote_) co_return Edits();
  const auto& completion = ours ? rewriter_->completion() : remote_completion_;
  co_return co_await rewrite_header(submitted.content, house_.header_limits, *rewriter_, completion, map);
}

// Nobody will claim the file of a message that is forgotten.
net::Task<void> Cleanup::drop_spool(std::int64_t queue_id) {
  auto connected = co_await qmgr_->connect(context_->ipc_deadline());
  if (!connected) co_return;
  ipc::DropSpool drop;
  drop.queue_id = queue_id;
  qmgr_->tell(drop);
}

net::Task<std::optional<ipc::Outcome>> Cleanup::check(ipc::Submit& submitted, std::string& received,
                                                      Envelope& envelope, std::string_view id) {
  using Answer = std::optional<ipc::Outcome>;
  Content content;
  content.received = std::move(received);
  content.text = std::move(submitted.content);
  if (submitted.spooled) content.spool = submitted.spool.get();
  const std::string told = who(submitted.client, envelope);
  const Checks::Told names{id, told};
  auto verdict = co_await checks_->apply(context_->loop(), content, names);
  if (!verdict) {
    log_warning(concat(id, ": ", verdict.error().text));
    co_return queue_trouble();
  }
  if (verdict->refusal) co_return std::move(*verdict->refusal);
  if (verdict->discard) {
    if (submitted.spooled) {
      co_await drop_spool(submitted.queue_id);
    }
    co_return outcome(250, "2.0.0", concat("Ok: queued as ", id));
  }
  received = std::move(content.received);
  submitted.content = std::move(content.text);
  submitted.size += content.growth;
  submitted.hold = submitted.hold || verdict->hold;
  if (!verdict->filter.empty()) submitted.filter = std::move(verdict->filter);
  for (const auto& copy : verdict->copies) {
    const bool added = co_await envelope.add_copy(copy);
    if (!added) co_return refusal(envelope.refused(), id);
  }
  if (!verdict->redirect.empty()) envelope.redirect(verdict->redirect);
  co_return Answer();
}

// Ends before the asker gives up: a message that nobody waits for any more must not come into the queue.
net::Task<ipc::Outcome> Cleanup::submit(ipc::Submit submitted) {
  const std::string id = id_text(submitted.queue_id);
  net::Loop& loop = context_->loop();
  const Duration patience = context_->ipc_deadline() - loop.now();
  const Deadline limit = loop.in(patience - patience / 10);
  net::Task<ipc::Outcome> taking = admit(std::move(submitted), limit);
  auto outcome = co_await net::with_deadline<ipc::Outcome>(loop, std::move(taking), limit);
  if (outcome) co_return std::move(*outcome);
  log_warning(concat(id, ": not in the queue in time: tables or the queue manager are too slow"));
  co_return queue_trouble();
}

net::Task<ipc::Outcome> Cleanup::admit(ipc::Submit submitted, Deadline limit) {
  const std::string id = id_text(submitted.queue_id);
  const auto before = submitted.content.size();
  const Treatment treatment = treatment_of(submitted);
  Envelope envelope(*rewriter_, treatment.addressing);
  const bool filled = co_await envelope.fill(submitted.sender, submitted.recipients);
  if (!filled) co_return refusal(envelope.refused(), id);
  const std::int64_t now = wall_micros();
  std::string received = received_field(submitted, house_, id, now);
  if (treatment.checked && checks_->any()) {
    auto answer = co_await check(submitted, received, envelope, id);
    if (answer) co_return std::move(*answer);
  }
  const Origin origin = co_await origin_of(submitted);
  auto edits = co_await edit_header(submitted, origin, treatment.addressing.map);
  if (!edits) co_return refusal({edits.error().text, {}}, id);
  const bool completes = everything_is_ours_ || completes_remote_ || origin == Origin::ours;
  auto canonical = make_canonical(
      submitted, house_, {received, envelope.sender(), completes ? Origin::ours : Origin::foreign, id, now},
      *edits);
  if (!canonical) {
    log_warning(concat(id, ": reject: ", canonical.error().text, "; from=<",
                       mail::shown_address(submitted.sender), ">"));
    co_return outcome(554, "5.4.0", "Error: too many hops");
  }
  log_message_id(*canonical, id);
  auto question = question_from(submitted, *canonical, before);
  question.sender = envelope.sender();
  question.recipients = envelope.take_recipients();
  question.expanded = envelope.take_expanded();
  auto answer = co_await qmgr_->ask<ipc::EnqueueCall>(question, limit);
  if (answer) co_return std::move(*answer);
  log_warning(concat(id, ": ", answer.error().text));
  co_return queue_trouble();
}

}  // namespace postern::cleanup
