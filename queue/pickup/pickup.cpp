#include "queue/pickup/pickup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/origin.h"
#include "lib/config/params/cleanup_params.h"
#include "lib/config/params/content_params.h"
#include "lib/config/params/limit_params.h"
#include "lib/config/params/qmgr_params.h"
#include "lib/ipc/messages/notify.h"
#include "lib/ipc/messages/spool.h"
#include "lib/ipc/messages/taken.h"
#include "lib/mail/address.h"

namespace postern::pickup {

namespace {

constexpr const char* kDirectory = "maildrop";
constexpr const char* kCorrupt = "corrupt";
// Letters that share a sync of the directory, and the commits of the queue.
constexpr std::size_t kMostAtOnce = 100;
constexpr std::int64_t kStale = 24 * 3600;  // seconds after which a file that is not whole never will be

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::string path_of(const std::string& name) { return concat(kDirectory, "/", name); }

std::string taken_name(mail::QueueId id) { return concat(queue::kTaken, id.short_text()); }

}  // namespace

Result<void> Pickup::prepare(daemon::Context& context) {
  context_ = &context;
  const config::Settings& settings = context.settings();
  config::CleanupParams ids;
  config::LimitParams limits;
  config::QmgrParams queue;
  config::ReceiveParams receive;
  for (config::ParamGroup* group :
       std::initializer_list<config::ParamGroup*>{&ids, &limits, &queue, &receive}) {
    auto loaded = group->load(settings);
    if (!loaded) return loaded;
  }
  const auto origin = config::origin_of(settings);
  if (!origin) return fail(origin.error());
  const auto overrides = config::overrides_of(receive);
  if (!overrides) return fail(overrides.error());
  origin_ = *origin;
  overrides_ = *overrides;
  filter_ = *receive.content_filter;
  long_ids_ = *ids.enable_long_queue_ids;
  inline_limit_ = *queue.queue_inline_limit;
  header_limit_ = static_cast<std::size_t>(*limits.header_size_limit);
  ids_.emplace(context.slot());
  cleanup_.emplace(context.loop(), context.queue_path("public/cleanup"));
  qmgr_.emplace(context.loop(), context.queue_path("public/qmgr"));
  bounce_.emplace(context.loop(), context.queue_path("private/bounce"));
  scope_.emplace(context.loop());
  return {};
}

void Pickup::started() {
  workers_.emplace(context_->loop(), 4);
  wakeup();
}

// Who connects wakes us, whatever it says.
net::Task<void> Pickup::serve(net::Accepted connection) {
  static_cast<void>(connection);
  wakeup();
  co_return;
}

void Pickup::wakeup() {
  again_ = true;
  if (looking_ || leaving_) return;
  looking_ = true;
  scope_->spawn(look());
}

void Pickup::leave(daemon::Leave) { leaving_ = true; }

// What is on its way comes to its end: our successor leaves it alone, since we have its lock.
net::Task<void> Pickup::finish() {
  const bool all = co_await scope_->drained(Deadline::max());
  if (!all) scope_->cancel();
}

std::string Pickup::id_text(mail::QueueId id) const { return long_ids_ ? id.long_text() : id.short_text(); }

net::Task<void> Pickup::look() {
  while (again_ && !leaving_) {
    again_ = false;
    put_off_ = 0;
    co_await look_once();
  }
  looking_ = false;
}

net::Task<void> Pickup::look_once() {
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(kDirectory));
  if (!directory) {
    log_warning(fail_errno(concat("open directory ", kDirectory), errno).value().text);
    co_return;
  }
  while (!leaving_) {
    Batch batch = next_batch(directory.get());
    if (batch.empty()) co_return;
    co_await take_in(batch);
  }
}

Pickup::Batch Pickup::next_batch(DIR* directory) {
  Batch batch;
  while (batch.size() < kMostAtOnce) {
    const dirent* entry = ::readdir(directory);
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (name.front() == queue::kBeingWritten) {
      remove_stale(name);
    } else if (auto work = take_up(name)) {
      batch.push_back(std::move(work));
    }
  }
  return batch;
}

void Pickup::remove_stale(const std::string& name) const {
  struct stat status {};
  const std::string path = path_of(name);
  if (::lstat(path.c_str(), &status) != 0 || wall_seconds() - status.st_mtime < kStale) return;
  if (::unlink(path.c_str()) == 0) log_info(concat("removed ", path, ", which was never written to its end"));
}

std::unique_ptr<Pickup::Work> Pickup::take_up(const std::string& name) {
  const bool waits = name.front() == queue::kWaiting;
  const auto known = name.front() == queue::kTaken ? mail::parse_queue_id(name.substr(1)) : std::nullopt;
  if (!waits && !known) {
    refuse(name, Error{Errc::invalid, path_of(name) + ": no name of a submission", 0});
    return nullptr;
  }
  auto letter = open_letter(path_of(name));
  if (!letter) {
    refuse(name, letter.error());
    return nullptr;
  }
  if (waits) return give_id(name, std::move(*letter));
  auto work = std::make_unique<Work>();
  work->letter = std::move(*letter);
  work->id = *known;
  work->name = name;
  work->seen_before = true;
  return work;
}

std::unique_ptr<Pickup::Work> Pickup::give_id(const std::string& name, LetterFile letter) {
  auto work = std::make_unique<Work>();
  work->letter = std::move(letter);
  work->id = ids_->next();
  work->name = taken_name(work->id);
  if (::rename(path_of(name).c_str(), path_of(work->name).c_str()) == 0) return work;
  if (errno != ENOENT) log_warning(fail_errno(concat("rename ", path_of(name)), errno).value().text);
  return nullptr;
}

// What can never be mail is out of the way, for an administrator to look at. What is only not ours now stays.
void Pickup::refuse(const std::string& name, const Error& error) {
  if (error.kind == Errc::busy || error.kind == Errc::not_found) return;
  if (error.kind != Errc::invalid && error.kind != Errc::too_long) {
    log_warning(error.text);
    return;
  }
  const std::string to = concat(kCorrupt, "/", name);
  if (::rename(path_of(name).c_str(), to.c_str()) == 0) {
    log_warning(concat(error.text, ": moved to ", to));
  } else {
    log_warning(concat(error.text, "; ", fail_errno(concat("move it to ", to), errno).value().text));
  }
}

net::Task<bool> Pickup::sync() {
  const std::function<Result<void>()> work = [] { return sync_directory(kDirectory); };
  auto synced = co_await workers_->run<Result<void>>(work);
  if (!synced) log_warning(synced.error().text);
  co_return synced.has_value();
}

// The new names are on disk before anybody sees a letter, and the files are gone from it before qmgr forgets them.
net::Task<void> Pickup::take_in(Batch& batch) {
  const bool any_new =
      std::any_of(batch.begin(), batch.end(), [](const auto& work) { return !work->seen_before; });
  bool safe = true;
  if (any_new) {
    safe = co_await sync();
  }
  if (!safe) co_return;
  net::Scope scope(context_->loop());
  for (const auto& work : batch) scope.spawn(submit(*work));
  const bool all = co_await scope.drained(Deadline::max());  // each waits with a deadline
  if (!all) scope.cancel();
  ipc::ForgetTaken forget;
  for (const auto& work : batch) {
    if (work->done && ::unlink(path_of(work->name).c_str()) == 0)
      forget.queue_ids.push_back(work->id.number());
  }
  if (forget.queue_ids.empty()) co_return;
  const bool gone = co_await sync();
  if (gone) qmgr_->tell(forget);
}

net::Task<bool> Pickup::is_taken(const Work& work, bool& known) {
  ipc::IsTaken question;
  question.queue_id = work.id.number();
  auto answer = co_await qmgr_->ask<ipc::IsTakenCall>(question, context_->ipc_deadline());
  known = answer && answer->known;
  co_return answer && answer->taken;
}

net::Task<void> Pickup::submit(Work& work) {
  if (work.seen_before) {
    bool known = false;
    work.done = co_await is_taken(work, known);
    if (!known) put_off(work, "the queue manager does not answer");
    if (work.done || !known) co_return;
  }
  auto content = read_content(work.letter, inline_limit_, header_limit_);
  if (!content) {
    put_off(work, content.error().text);
    co_return;
  }
  const std::int64_t rest = content->rest;
  ipc::Submit submit = submit_of(work.letter, std::move(*content), origin_);
  submit.queue_id = work.id.number();
  submit.filter = filter_;
  submit.as_addressed = !overrides_.maps_addresses;
  submit.unchecked = !overrides_.checks_content;
  log_info(
      concat(id_text(work.id), ": uid=", submit.uid, " from=<", mail::shown_address(submit.sender), ">"));
  if (submit.spooled) {
    auto spooled = co_await spool(work, submit, rest);
    if (!spooled) {
      put_off(work, spooled.error().text);
      co_return;
    }
  }
  auto outcome = co_await cleanup_->ask<ipc::SubmitCall>(submit, context_->ipc_deadline());
  if (!outcome) {
    put_off(work, outcome.error().text);
    co_return;
  }
  co_await answered(work, submit, *outcome);
}

net::Task<void> Pickup::answered(Work& work, const ipc::Submit& submit, const ipc::Outcome& outcome) {
  if (outcome.code / 100 == 2) {
    work.done = true;
    co_return;
  }
  if (submit.spooled) {
    ipc::DropSpool drop;
    drop.queue_id = submit.queue_id;
    qmgr_->tell(drop);
  }
  if (outcome.code / 100 == 5) {
    work.done = co_await return_to_sender(work, submit, outcome);
  } else {
    put_off(work, outcome.text);
  }
}

net::Task<Result<void>> Pickup::spool(Work& work, ipc::Submit& submit, std::int64_t rest) {
  ipc::OpenSpool question;
  question.queue_id = submit.queue_id;
  question.size = work.letter.sizes.content;
  auto opened = co_await qmgr_->ask<ipc::OpenSpoolCall>(question, context_->ipc_deadline());
  if (!opened) co_return fail(opened.error());
  if (!opened->problem.empty() || !opened->file)
    co_return fail(Errc::full, "no spool file: " + opened->problem);
  // The thread's own: it may outlive us.
  auto from = std::make_shared<Fd>(::fcntl(work.letter.fd.get(), F_DUPFD_CLOEXEC, 3));
  auto to = std::make_shared<Fd>(std::move(opened->file));
  const std::function<Result<std::int64_t>()> copy = [from, to, rest] {
    return copy_rest(from->get(), rest, to->get());
  };
  auto size = co_await workers_->run<Result<std::int64_t>>(copy);
  if (!size) {
    ipc::DropSpool drop;
    drop.queue_id = submit.queue_id;
    qmgr_->tell(drop);
    co_return fail(size.error());
  }
  submit.size += *size;
  submit.spool = Fd(::fcntl(to->get(), F_DUPFD_CLOEXEC, 3));
  co_return Result<void>();
}

// It never was in the queue, so that there is nobody else to say it. True when the sender knows, or nobody can be told.
net::Task<bool> Pickup::return_to_sender(const Work& work, const ipc::Submit& submit,
                                         const ipc::Outcome& outcome) {
  ipc::Notify question;
  question.queue_id = submit.queue_id;
  question.sender = submit.sender;
  question.envid = submit.envid;
  question.ret = submit.spooled ? "HDRS" : submit.ret;
  question.arrived = submit.arrived;
  question.size = submit.size;
  question.smtputf8 = submit.smtputf8;
  question.content = submit.content;
  for (const ipc::Recipient& recipient : submit.recipients) {
    ipc::NotifyOf& of = question.recipients.emplace_back();
    of.address = recipient.address;
    of.notify = recipient.notify;
    of.orcpt = recipient.orcpt;
    of.dsn = outcome.dsn;
    of.reason = outcome.text;
  }
  auto answer = co_await bounce_->ask<ipc::NotifyCall>(question, context_->ipc_deadline());
  if (answer && answer->code / 100 == 2) {
    log_info(concat(id_text(work.id), ": not accepted: ", outcome.code, " ", outcome.dsn, " ", outcome.text));
    co_return true;
  }
  log_warning(concat(id_text(work.id), ": the sender cannot be told of a failure now: ",
                     answer ? answer->text : answer.error().text));
  co_return false;
}

// Once a look, whatever the number: they all have the same reason most of the time.
void Pickup::put_off(const Work& work, std::string_view why) {
  if (put_off_++ == 0) log_warning(concat(id_text(work.id), ": ", path_of(work.name), " must wait: ", why));
}

}  // namespace postern::pickup
