#include "queue/qmgr/store.h"

namespace postern::qmgr {

namespace {

// Shared by the coroutine that waits, which may be cancelled, and the job.
template <class T>
struct Place {
  explicit Place(net::Loop& loop) : done(loop) {}
  net::Event done;
  std::optional<Result<T>> result;
  bool is_done = false;
};

Result<bool> change_one(Database& database, ipc::QueueAction action, std::int64_t id) {
  switch (action) {
    case ipc::QueueAction::flush: return database.hurry(id);
    case ipc::QueueAction::hold: return database.hold(id);
    case ipc::QueueAction::release: return database.release(id);
    case ipc::QueueAction::requeue: return database.requeue(id);
    case ipc::QueueAction::expire: return database.expire(id);
    case ipc::QueueAction::remove: break;
  }
  auto removed = database.remove(id);
  if (!removed) return fail(removed.error());
  return removed->existed;
}

}  // namespace

template <class T>
net::Task<Result<T>> Store::run(Job::Kind kind, std::function<Result<T>(Database&)> work) {
  auto place = std::make_shared<Place<T>>(loop_);
  Job job;
  job.kind = kind;
  job.work = [place, work = std::move(work)](Database& database) -> Result<void> {
    place->result.emplace(work(database));
    if (!*place->result) return fail(place->result->error());
    return {};
  };
  job.done = [place](Result<void> committed) {
    if (!committed) place->result.emplace(fail(committed.error()));
    place->is_done = true;
    place->done.notify();
  };
  writer_.submit(std::move(job));
  while (!place->is_done) {
    const bool notified = co_await place->done.wait(Deadline::max());  // the writer always answers
    if (!notified) continue;
  }
  co_return std::move(*place->result);
}

net::Task<Result<void>> Store::insert(MessagePtr message) {
  std::function<Result<void>(Database&)> work = [message = std::move(message),
                                                 reserve = reserve_](Database& database) {
    auto room = database.check_room(static_cast<std::int64_t>(message->content.size()), reserve);
    if (!room) return room;
    return database.insert(*message);
  };
  auto result = co_await run<void>(Job::Kind::durable, std::move(work));
  trouble_.note(result);
  co_return result;
}

net::Task<void> Store::record(Change change) {
  const auto kind = change.durable ? Job::Kind::durable : Job::Kind::later;
  auto shared = std::make_shared<const Change>(std::move(change));
  for (;;) {
    std::function<Result<void>(Database&)> work = [shared](Database& database) {
      return database.apply(*shared);
    };
    auto result = co_await run<void>(kind, std::move(work));
    trouble_.note(result);
    if (result) co_return;
    co_await net::sleep_until(loop_, loop_.in(seconds(1)));
  }
}

net::Task<Result<std::vector<std::int64_t>>> Store::change(ipc::QueueAction action,
                                                           std::vector<std::int64_t> ids) {
  using Ids = std::vector<std::int64_t>;
  std::function<Result<Ids>(Database&)> work = [action, ids = std::move(ids)](Database& database) {
    Ids changed;
    for (const std::int64_t id : ids) {
      auto done = change_one(database, action, id);
      if (!done) return Result<Ids>(fail(done.error()));
      if (*done) changed.push_back(id);
    }
    return Result<Ids>(std::move(changed));
  };
  auto result = co_await run<Ids>(Job::Kind::durable, std::move(work));
  trouble_.note(result);
  co_return result;
}

net::Task<Result<std::vector<MessagePtr>>> Store::take_due(std::int64_t now, std::size_t limit) {
  std::function<Result<std::vector<MessagePtr>>(Database&)> work = [now, limit](Database& database) {
    return database.take_due(now, limit);
  };
  co_return co_await run<std::vector<MessagePtr>>(Job::Kind::prompt, std::move(work));
}

net::Task<Result<bool>> Store::is_taken(std::int64_t message) {
  std::function<Result<bool>(Database&)> work = [message](Database& database) {
    return database.is_taken(message);
  };
  co_return co_await run<bool>(Job::Kind::prompt, std::move(work));
}

// What is not forgotten takes a few bytes: nothing that must be tried again.
net::Task<void> Store::forget_taken(std::vector<std::int64_t> messages) {
  std::function<Result<void>(Database&)> work = [messages = std::move(messages)](Database& database) {
    return database.forget_taken(messages);
  };
  auto result = co_await run<void>(Job::Kind::later, std::move(work));
  trouble_.note(result);
}

net::Task<Result<std::int64_t>> Store::next_due() {
  std::function<Result<std::int64_t>(Database&)> work = [](Database& database) {
    return database.next_due();
  };
  co_return co_await run<std::int64_t>(Job::Kind::prompt, std::move(work));
}

net::Task<Result<std::string>> Store::content(std::int64_t message) {
  std::function<Result<std::string>(Database&)> work = [message](Database& database) {
    return database.content(message);
  };
  co_return co_await run<std::string>(Job::Kind::prompt, std::move(work));
}

}  // namespace postern::qmgr
