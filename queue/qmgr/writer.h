// The one thread that owns the queue database. Jobs that come while a transaction is on its way to the disk
// are gathered and share the next one: a single message alone is committed at once, many share a sync.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "lib/base/result.h"
#include "lib/net/loop.h"
#include "lib/queue/database.h"

namespace postern::qmgr {

using queue::Change;
using queue::Database;
using queue::Message;
using queue::MessagePtr;
using queue::Recipient;
using queue::RecipientState;

struct Job {
  // durable: `done` is called when the work is on disk. prompt: when it is committed; for reads too. later: the
  // same, but it may wait a little for others to share a transaction with.
  enum class Kind { durable, prompt, later };
  Kind kind = Kind::durable;
  std::function<Result<void>(Database&)> work;  // in the thread
  std::function<void(Result<void>)> done;       // in the loop
};

class Writer {
 public:
  Writer(net::Loop& loop, std::unique_ptr<Database> database);
  // Finishes what was submitted; `done` of these is not called.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void submit(Job job);

 private:
  using Batch = std::vector<Job>;
  void serve();
  void hand_over(Batch jobs);
  void run(Batch& batch, std::vector<Result<void>>& results);
  Result<void> work(Batch& batch, std::vector<Result<void>>& results);
  void settle_later();

  // Jobs for later are held on the loop's side, so that the thread need not wake for them alone.
  struct Patience final : net::Timer {
    explicit Patience(Writer& of) : Timer(of.loop_), writer(of) {}
    void time_came() override { writer.hand_over(std::move(writer.held_)); }
    Writer& writer;
  };

  net::Loop& loop_;
  std::unique_ptr<Database> database_;
  Batch held_;
  Patience patience_{*this};
  std::mutex mutex_;
  std::condition_variable there_is_work_;
  Batch waiting_;
  bool closing_ = false;
  bool unsynced_ = false;  // of the thread: commits that are not on disk yet
  std::thread thread_;
};

}  // namespace postern::qmgr
