#include "queue/bounce/bounce.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/origin.h"
#include "lib/config/params/bounce_params.h"
#include "lib/config/params/cleanup_params.h"
#include "lib/config/params/common_params.h"
#include "lib/config/params/qmgr_params.h"
#include "lib/ipc/messages/spool.h"
#include "queue/bounce/original.h"

namespace postern::bounce {

namespace {

using ipc::outcome;

std::string with_domain(const std::string& address, const std::string& origin) {
  return address.find('@') == std::string::npos ? concat(address, "@", origin) : address;
}

config::BounceKind kind_of(const ipc::Notify& question) {
  switch (question.kind) {
    case ipc::NotifyKind::failure: return config::BounceKind::failure;
    case ipc::NotifyKind::delay: return config::BounceKind::delay;
    case ipc::NotifyKind::success: break;
  }
  return question.purpose == ipc::Purpose::deliver ? config::BounceKind::success : config::BounceKind::verify;
}

ipc::Settling settling_of(const ipc::Notify& question) {
  switch (question.kind) {
    case ipc::NotifyKind::failure: return ipc::Settling::failure;
    case ipc::NotifyKind::delay: return ipc::Settling::delay;
    case ipc::NotifyKind::success: break;
  }
  return ipc::Settling::success;
}

std::string_view words_for(ipc::NotifyKind kind) {
  switch (kind) {
    case ipc::NotifyKind::failure: return "non-delivery";
    case ipc::NotifyKind::delay: return "delay";
    case ipc::NotifyKind::success: break;
  }
  return "delivery status";
}

// RFC 1870: as if lines ended in CR LF.
std::int64_t wire_size(std::string_view text) {
  return static_cast<std::int64_t>(text.size()) + std::count(text.begin(), text.end(), '\n');
}

}  // namespace

Result<void> Bounce::prepare(daemon::Context& context) {
  context_ = &context;
  const config::Settings& settings = context.settings();
  config::BounceParams params;
  config::CommonParams common;
  config::CleanupParams ids;
  config::QmgrParams queue;
  for (config::ParamGroup* group :
       std::initializer_list<config::ParamGroup*>{&params, &common, &ids, &queue}) {
    auto loaded = group->load(settings);
    if (!loaded) return loaded;
  }
  const auto origin = config::origin_of(settings);
  if (!origin) return fail(origin.error());
  house_ = {*common.myhostname, *origin, *params.enable_threaded_bounces};
  for (const std::string& word : *params.notify_classes) {
    policy_.copy_failures |= word == "bounce";
    policy_.double_bounces |= word == "2bounce";
    policy_.copy_delays |= word == "delay";
  }
  policy_.failure_postmaster = with_domain(*params.bounce_notice_recipient, *origin);
  policy_.delay_postmaster = with_domain(*params.delay_notice_recipient, *origin);
  policy_.double_postmaster = with_domain(*params.double_bounce_notice_recipient, *origin);
  policy_.double_bounce_sender = with_domain(*params.double_bounce_sender, *origin);
  long_ids_ = *ids.enable_long_queue_ids;
  size_limit_ = *params.bounce_size_limit;
  inline_limit_ = *queue.queue_inline_limit;
  ids_.emplace(context.slot());
  cleanup_.emplace(context.loop(), context.queue_path("public/cleanup"));
  qmgr_.emplace(context.loop(), context.queue_path("public/qmgr"));
  handlers_.on<ipc::NotifyCall>([this](ipc::Notify question) { return notify(std::move(question)); });
  return read_templates(settings, *params.bounce_template_file);
}

// A text that cannot be used must not keep anybody from hearing of a failure: the built-in one takes its place.
Result<void> Bounce::read_templates(const config::Settings& settings, const std::string& path) {
  auto templates = config::BounceTemplates::read(path);
  if (!templates) {
    log_warning(templates.error().text);
    templates = config::BounceTemplates();
  }
  for (const std::string& warning : templates->warnings()) log_warning(warning);
  const config::Warn warn = [](std::string_view text) { log_warning(text); };
  for (const config::BounceKind kind : config::kBounceKinds) {
    config::BounceTemplate used = templates->of(kind);
    auto text = config::expanded_text(used, settings, warn);
    if (!text) {
      log_warning(text.error().text);
      used = config::standard_template(kind);
      text = config::expanded_text(used, settings, warn);
    }
    if (!text) return fail(text.error());
    const auto at = static_cast<std::size_t>(kind);
    wordings_[at] = {used.charset, used.from, used.subject, *text};
    postmaster_subjects_[at] = used.postmaster_subject;
  }
  return {};
}

net::Task<void> Bounce::serve(net::Accepted connection) {
  co_await ipc::serve(context_->loop(), std::move(connection.fd), handlers_, &farewell_);
}

void Bounce::leave(daemon::Leave why) {
  if (why == daemon::Leave::reload) farewell_.say();
}

std::string Bounce::id_text(std::int64_t id) const {
  const mail::QueueId queue_id(id);
  return long_ids_ ? queue_id.long_text() : queue_id.short_text();
}

net::Task<ipc::Outcome> Bounce::notify(ipc::Notify question) {
  const bool wanted =
      std::any_of(question.recipients.begin(), question.recipients.end(),
                  [&question](const ipc::NotifyOf& recipient) { return is_wanted(question, recipient); });
  if (!wanted) co_return outcome(250, "2.0.0", "Ok: nobody wants to know");
  if (is_double_bounce(question, policy_)) {
    log_warning(concat(id_text(question.queue_id), ": undeliverable postmaster notification discarded"));
    co_return outcome(250, "2.0.0", "Ok: discarded");
  }
  ipc::Outcome result = outcome(250, "2.0.0", "Ok: nobody is to be told");
  const std::vector<Letter> letters = plan_of(question, policy_);
  for (const Letter& letter : letters) {
    auto sent = co_await send(question, letter);
    if (letter.settles) result = std::move(sent);
    if (result.code / 100 != 2) break;
  }
  co_return result;
}

net::Task<ipc::Outcome> Bounce::send(const ipc::Notify& question, const Letter& letter) {
  const std::int64_t now = wall_micros();
  const mail::QueueId own = ids_->next();
  ipc::Submit submit;
  submit.queue_id = own.number();
  submit.sender = letter.from;
  submit.arrived = now;
  submit.source = ipc::Source::notification;
  ipc::Recipient& to = submit.recipients.emplace_back();
  to.address = to.original = letter.to;
  // Recipients that are no rows of the queue have no number: there is nothing to settle.
  const bool queued = std::any_of(question.recipients.begin(), question.recipients.end(),
                                  [](const ipc::NotifyOf& recipient) { return recipient.number != 0; });
  if (letter.settles && queued) {
    submit.settles.how = settling_of(question);
    submit.settles.queue_id = question.queue_id;
    for (const ipc::NotifyOf& recipient : question.recipients) submit.settled.push_back(recipient.number);
  }
  const Returned returned = returned_in(question, letter);
  Letter fitting = letter;
  fitting.returned = returned;
  auto report = report_for(question, fitting, own);
  Result<void> filled;
  if (report) {
    submit.smtputf8 = report->global;
    if (report->eight_bit) submit.body_type = "8BITMIME";
    filled = co_await fill(submit, question, returned, *report);
  } else {
    filled = fail(report.error());
  }
  Result<ipc::Outcome> answer = fail(Errc::io, "");
  if (filled) {
    answer = co_await cleanup_->ask<ipc::SubmitCall>(submit, context_->ipc_deadline());
  } else {
    answer = fail(filled.error());
  }
  if (!answer) {
    log_warning(concat(id_text(question.queue_id), ": write a notification: ", answer.error().text));
    co_return outcome(451, "4.3.0", "Error: the notification cannot be written now");
  }
  // Otherwise it was told before: an answer was lost.
  if (answer->code / 100 == 2 && answer->text.starts_with("Ok: queued")) log_sent(question, letter, own);
  co_return std::move(*answer);
}

void Bounce::log_sent(const ipc::Notify& question, const Letter& letter, mail::QueueId own) const {
  log_info(concat(id_text(question.queue_id),
                  letter.audience == Audience::sender ? ": sender " : ": postmaster ",
                  words_for(question.kind), " notification: ", id_text(own.number())));
}

// A large message loses its body, whatever RET says: whoever sends it back would fail at a size limit on the way.
Returned Bounce::returned_in(const ipc::Notify& question, const Letter& letter) const {
  return size_of(question) <= size_limit_ ? letter.returned : Returned::header;
}

Wording Bounce::wording_for(const ipc::Notify& question, const Letter& letter) const {
  const auto at = static_cast<std::size_t>(kind_of(question));
  Wording wording = wordings_[at];
  if (letter.audience == Audience::postmaster && !postmaster_subjects_[at].empty()) {
    wording.subject = postmaster_subjects_[at];
  }
  return wording;
}

Result<Report> Bounce::report_for(const ipc::Notify& question, const Letter& letter, mail::QueueId own) {
  const auto eight_bit = is_eight_bit(question, letter.returned);
  if (!eight_bit) return fail(eight_bit.error());
  const Original original{header_of(question), letter.returned, *eight_bit};
  const std::string boundary =
      concat(own.short_text(), ".", own.wall() % 1'000'000, "/", house_.hostname).substr(0, 70);
  return make_report(question, letter, wording_for(question, letter), original, house_,
                     id_text(question.queue_id), boundary);
}

net::Task<Result<void>> Bounce::fill(ipc::Submit& submit, const ipc::Notify& question, Returned returned,
                                     const Report& report) {
  const bool fits = returned == Returned::header || size_of(question) <= inline_limit_;
  if (!fits) {
    co_return co_await spool(submit, question, report);
  }
  submit.content = report.head;
  auto read = read_original(question, returned, [&submit](std::string_view piece) -> Result<void> {
    submit.content += piece;
    return {};
  });
  submit.content += report.tail;
  submit.size = wire_size(submit.content);
  co_return read;
}

// The header section travels in the message, the rest in a file of qmgr.
net::Task<Result<void>> Bounce::spool(ipc::Submit& submit, const ipc::Notify& question,
                                      const Report& report) {
  ipc::OpenSpool open;
  open.queue_id = submit.queue_id;
  open.size = size_of(question) + static_cast<std::int64_t>(report.head.size() + report.tail.size());
  auto opened = co_await qmgr_->ask<ipc::OpenSpoolCall>(open, context_->ipc_deadline());
  if (!opened) co_return fail(opened.error());
  if (!opened->problem.empty() || !opened->file)
    co_return fail(Errc::full, "no spool file: " + opened->problem);
  const auto header = report.head.find("\n\n") + 2;
  submit.content = report.head.substr(0, header);
  submit.spooled = true;
  submit.size = wire_size(submit.content);
  const Take write = [&submit, &opened](std::string_view piece) {
    submit.size += wire_size(piece);
    return write_all(opened->file.get(), piece, "spool file");
  };
  auto written = write(std::string_view(report.head).substr(header));
  if (written) written = read_original(question, Returned::all, write);
  if (written) written = write(report.tail);
  if (!written) {
    ipc::DropSpool drop;
    drop.queue_id = submit.queue_id;
    qmgr_->tell(drop);
    co_return written;
  }
  submit.spool = std::move(opened->file);
  co_return written;
}

}  // namespace postern::bounce
