#include "lib/desk/desk.h"

#include <fcntl.h>
#include <unistd.h>

#include <optional>

#include "lib/base/text.h"
#include "lib/desk/answers.h"
#include "lib/net/scope.h"
#include "lib/queue/spool_name.h"

namespace postern::desk {

namespace {

// One page is the work of milliseconds; a disk may be slow, and a service on its way.
constexpr seconds kPatience{60};

template <class T>
net::Task<void> keep(net::Loop& loop, net::Task<T> task, std::optional<T>& place) {
  T value = co_await std::move(task);
  place.emplace(std::move(value));
  loop.stop();
}

// Runs a task to its end.
template <class T>
T finish(net::Loop& loop, net::Task<T> task) {
  std::optional<T> result;
  net::Scope scope(loop);
  scope.spawn(keep(loop, std::move(task), result));
  loop.run();
  return std::move(*result);
}

std::string spool_path(std::int64_t id) { return concat("spool/", queue::spool_name(id)); }

}  // namespace

Desk::Desk(std::vector<std::string> services) : services_(std::move(services)) {
  for (const std::string& path : services_) clients_.push_back(std::make_unique<ipc::Client>(loop_, path));
}

Result<std::unique_ptr<Desk>> Desk::at_database() {
  // A database is made by qmgr: its owner is not always who looks.
  if (::access(kDatabase, F_OK) != 0) return fail_errno(concat("open queue database ", kDatabase), errno);
  auto database = queue::Database::open(kDatabase, seconds(2));
  if (!database) return fail(database.error());
  auto desk = std::make_unique<Desk>(std::vector<std::string>());
  desk->database_ = std::move(*database);
  return desk;
}

std::unique_ptr<Desk> Desk::without_mail() { return std::make_unique<Desk>(std::vector<std::string>()); }

template <class C>
Result<typename C::Answer> Desk::ask(const typename C::Question& question) {
  Result<typename C::Answer> answer = typename C::Answer();
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    answer = finish(loop_, clients_[i]->ask<C>(question, loop_.in(kPatience)));
    if (answer) break;
    answer = fail(answer.error().kind, concat("service ", services_[i], ": ", answer.error().text));
    // One that cannot be reached has done nothing.
    if (answer.error().kind != Errc::not_found && answer.error().kind != Errc::io) break;
  }
  if (!answer || answer->problem.empty()) return answer;
  bool denied = false;
  if constexpr (requires { answer->denied; }) denied = answer->denied;
  return fail(denied ? Errc::denied : Errc::invalid, answer->problem);
}

Result<ipc::QueuePage> Desk::list(const ipc::ListQueue& question) {
  if (!database_) return ask<ipc::ListQueueCall>(question);
  auto answer = desk::list(*database_, question, wall_micros());
  if (!answer.problem.empty()) return fail(Errc::invalid, answer.problem);
  return answer;
}

Result<ipc::MessageRead> Desk::read(const ipc::ReadMessage& question) {
  if (!has_mail()) return fail(Errc::not_found, "the message is not in the queue");
  if (!database_) return ask<ipc::ReadMessageCall>(question);
  auto reading = desk::read(*database_, question);
  if (!reading.answer.problem.empty()) return fail(Errc::invalid, reading.answer.problem);
  if (!reading.spooled) return std::move(reading.answer);
  auto file = open_file(spool_path(question.queue_id), O_RDONLY | O_NOFOLLOW);
  if (!file) return fail(file.error());
  reading.answer.spool = std::move(*file);
  return std::move(reading.answer);
}

Result<ipc::QueueChanged> Desk::change(const ipc::ChangeQueue& question) {
  return database_ ? change_database(question) : ask<ipc::ChangeQueueCall>(question);
}

Result<ipc::QueueChanged> Desk::change_database(const ipc::ChangeQueue& question) {
  const auto page = to_change(*database_, question, wall_micros());
  if (!page) return fail(page.error());
  auto begun = database_->begin(queue::Database::Sync::durable);
  if (!begun) return fail(begun.error());
  auto changed = desk::change(*database_, question.action, page->ids);
  if (!changed) {
    database_->rollback();
    return fail(changed.error());
  }
  auto committed = database_->commit();
  if (!committed) return fail(committed.error());
  for (const std::int64_t id : changed->spooled) ::unlink(spool_path(id).c_str());
  ipc::QueueChanged answer;
  answer.queue_ids = std::move(changed->ids);
  answer.next = page->next;
  answer.more = page->more;
  return answer;
}

}  // namespace postern::desk
