// The queue database as the coroutines of qmgr see it.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "lib/desk/answers.h"
#include "lib/ipc/messages/queue.h"
#include "lib/net/task.h"
#include "lib/net/wait.h"
#include "queue/qmgr/trouble.h"
#include "queue/qmgr/writer.h"

namespace postern::qmgr {

class Store {
 public:
  // At least `reserve` bytes of the disk stay free for results. `trouble` outlives the store.
  Store(net::Loop& loop, std::unique_ptr<Database> database, std::int64_t reserve, Trouble& trouble)
      : loop_(loop),
        reserve_(reserve),
        trouble_(trouble),
        work_(std::make_shared<Work>(loop)),
        writer_(std::in_place, loop, std::move(database)) {}

  // Work in the thread of the database. Cancelling the task does not stop it.
  template <class T>
  net::Task<Result<T>> run(Job::Kind kind, std::function<Result<T>(Database&)> work);

  // Returns when the message is on disk, and what it settles is: false when nothing was left to settle, and it is not
  // stored. Fails with full, exists or io.
  net::Task<Result<bool>> insert(MessagePtr message, queue::Settlement settlement);
  // Applies a change; while that is impossible (a full disk) it tries again every second.
  net::Task<void> record(Change change);
  // Does this to each message, durably; gives those that were changed. Fails when the queue cannot be written.
  net::Task<Result<desk::Changed>> change(ipc::QueueAction action, std::vector<std::int64_t> ids);
  // As in Database.
  net::Task<Result<bool>> is_taken(std::int64_t message);
  net::Task<void> forget_taken(std::vector<std::int64_t> messages);
  net::Task<Result<std::vector<MessagePtr>>> take_due(std::int64_t now, std::size_t limit,
                                                      std::size_t recipients);
  net::Task<Result<std::vector<MessagePtr>>> take_from(std::int64_t after, std::int64_t last,
                                                       std::size_t limit, std::size_t recipients);
  net::Task<Result<std::vector<Recipient>>> recipients(std::int64_t message, std::int64_t after,
                                                       std::size_t limit);
  net::Task<Result<std::int64_t>> next_due();
  net::Task<Result<std::string>> content(std::int64_t message);
  // For commands, as in lib/desk/answers.h.
  net::Task<Result<ipc::QueuePage>> list(ipc::ListQueue question);
  net::Task<Result<queue::IdPage>> to_change(ipc::ChangeQueue question);
  net::Task<Result<desk::Reading>> read(ipc::ReadMessage question);

  // Until no work is under way.
  net::Task<void> quiet();
  // Finishes what was given, and closes the database: nothing may be asked any more.
  void close() { writer_.reset(); }

 private:
  // Shared by the coroutine that waits, which may be cancelled, and the job.
  template <class T>
  struct Place {
    explicit Place(net::Loop& loop) : done(loop) {}
    net::Event done;
    std::optional<Result<T>> result;
    bool is_done = false;
  };
  // What is under way. The loop may hear of the end of a job when we are gone.
  struct Work {
    explicit Work(net::Loop& loop) : idle(loop) {}
    void ended() {
      if (--jobs == 0) idle.notify();
    }
    std::size_t jobs = 0;
    net::Event idle;
  };

  net::Loop& loop_;
  std::int64_t reserve_;
  Trouble& trouble_;
  std::shared_ptr<Work> work_;
  std::optional<Writer> writer_;
};

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
  job.done = [jobs = work_, place](Result<void> committed) {
    if (!committed) place->result.emplace(fail(committed.error()));
    place->is_done = true;
    place->done.notify();
    jobs->ended();
  };
  ++work_->jobs;
  writer_->submit(std::move(job));
  while (!place->is_done) {
    const bool notified = co_await place->done.wait(Deadline::max());  // the writer always answers
    if (!notified) continue;
  }
  co_return std::move(*place->result);
}

}  // namespace postern::qmgr
