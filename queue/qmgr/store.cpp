#include "queue/qmgr/store.h"

namespace postern::qmgr {

net::Task<void> Store::quiet() {
  while (work_->jobs > 0) {
    const bool notified = co_await work_->idle.wait(Deadline::max());  // the writer always answers
    if (!notified) continue;
  }
}

net::Task<Result<bool>> Store::insert(MessagePtr message, queue::Settlement settlement) {
  std::function<Result<bool>(Database&)> work = [message = std::move(message),
                                                 settlement = std::move(settlement),
                                                 reserve = reserve_](Database& database) -> Result<bool> {
    auto room = database.check_room(static_cast<std::int64_t>(message->content.size()), reserve);
    if (!room) return fail(room.error());
    auto inserted = database.insert(*message);
    if (!inserted) return fail(inserted.error());
    auto settled = database.settle(settlement);
    if (!settled || *settled) return settled;
    auto taken_back = database.remove(message->id);
    if (!taken_back) return fail(taken_back.error());
    return false;
  };
  auto result = co_await run<bool>(Job::Kind::durable, std::move(work));
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

net::Task<Result<desk::Changed>> Store::change(ipc::QueueAction action, std::vector<std::int64_t> ids) {
  std::function<Result<desk::Changed>(Database&)> work = [action, ids = std::move(ids)](Database& database) {
    return desk::change(database, action, ids);
  };
  auto result = co_await run<desk::Changed>(Job::Kind::durable, std::move(work));
  trouble_.note(result);
  co_return result;
}

net::Task<Result<std::vector<MessagePtr>>> Store::take_due(std::int64_t now, std::size_t limit,
                                                           std::size_t recipients) {
  std::function<Result<std::vector<MessagePtr>>(Database&)> work =
      [now, limit, recipients](Database& database) { return database.take_due(now, limit, recipients); };
  co_return co_await run<std::vector<MessagePtr>>(Job::Kind::prompt, std::move(work));
}

net::Task<Result<std::vector<MessagePtr>>> Store::take_from(std::int64_t after, std::int64_t last,
                                                            std::size_t limit, std::size_t recipients) {
  std::function<Result<std::vector<MessagePtr>>(Database&)> work = [after, last, limit,
                                                                    recipients](Database& database) {
    return database.take_from(after, last, limit, recipients);
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

net::Task<Result<std::vector<Recipient>>> Store::recipients(std::int64_t message, std::int64_t after,
                                                            std::size_t limit) {
  std::function<Result<std::vector<Recipient>>(Database&)> work =
      [message, after, limit](Database& database) { return database.recipients(message, after, limit); };
  co_return co_await run<std::vector<Recipient>>(Job::Kind::prompt, std::move(work));
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

// What is wrong with a question is said in the answer: a failed job would undo the transaction of all others.
net::Task<Result<ipc::QueuePage>> Store::list(ipc::ListQueue question) {
  std::function<Result<ipc::QueuePage>(Database&)> work =
      [question = std::move(question)](Database& database) -> Result<ipc::QueuePage> {
    return desk::list(database, question, wall_micros());
  };
  co_return co_await run<ipc::QueuePage>(Job::Kind::prompt, std::move(work));
}

net::Task<Result<queue::IdPage>> Store::to_change(ipc::ChangeQueue question) {
  std::function<Result<queue::IdPage>(Database&)> work =
      [question = std::move(question)](Database& database) -> Result<queue::IdPage> {
    auto page = desk::to_change(database, question, wall_micros());
    if (!page) return fail(page.error().kind, page.error().text);
    return page;
  };
  co_return co_await run<queue::IdPage>(Job::Kind::prompt, std::move(work));
}

net::Task<Result<desk::Reading>> Store::read(ipc::ReadMessage question) {
  std::function<Result<desk::Reading>(Database&)> work =
      [question](Database& database) -> Result<desk::Reading> { return desk::read(database, question); };
  co_return co_await run<desk::Reading>(Job::Kind::prompt, std::move(work));
}

}  // namespace postern::qmgr
