#include "queue/qmgr/writer.h"

#include <chrono>

namespace postern::qmgr {

namespace {

// When there is nothing else to do a shorter log is moved than under load.
constexpr int kIdlePages = 500;
constexpr int kBusyPages = 4000;
// Results that were committed without a sync get one when no message brought it within this time.
constexpr milliseconds kSyncLatest{1000};
// Results wait this long for a message that is committed anyway: alone they would cost a transaction of their own,
// and the message that comes next would wait for it.
constexpr milliseconds kPatience{3};

}  // namespace

Writer::Writer(net::Loop& loop, std::unique_ptr<Database> database)
    : loop_(loop), database_(std::move(database)), thread_([this] { serve(); }) {}

Writer::~Writer() {
  hand_over(std::move(held_));
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  there_is_work_.notify_one();
  thread_.join();
}

void Writer::submit(Job job) {
  const bool urgent = job.kind != Job::Kind::later;
  held_.push_back(std::move(job));
  if (urgent) {
    patience_.disarm();
    hand_over(std::move(held_));
  } else if (!patience_.is_armed()) {
    patience_.arm(loop_.in(kPatience));
  }
}

void Writer::hand_over(Batch jobs) {
  held_.clear();
  bool idle = false;
  {
    const std::lock_guard lock(mutex_);
    idle = waiting_.empty();
    for (Job& job : jobs) waiting_.push_back(std::move(job));
  }
  if (idle) there_is_work_.notify_one();
}

void Writer::serve() {
  database_->widen_log(kBusyPages);
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool work =
        there_is_work_.wait_for(lock, kSyncLatest, [this] { return closing_ || !waiting_.empty(); });
    if (waiting_.empty()) {
      lock.unlock();
      settle_later();
      lock.lock();
      if (closing_ && waiting_.empty()) return;
      if (!work && !unsynced_) there_is_work_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
      continue;
    }
    Batch batch;
    batch.swap(waiting_);
    const bool closing = closing_;
    lock.unlock();
    std::vector<Result<void>> results(batch.size());
    run(batch, results);
    if (!closing) {
      loop_.post_from_thread(
          [batch = std::make_shared<Batch>(std::move(batch)), results = std::move(results)] {
            for (std::size_t i = 0; i < batch->size(); ++i) {
              if ((*batch)[i].done) (*batch)[i].done(results[i]);
            }
          });
    }
    database_->checkpoint(kBusyPages);
    lock.lock();
  }
}

void Writer::settle_later() {
  if (unsynced_ && database_->sync()) unsynced_ = false;
  database_->checkpoint(kIdlePages);
}

void Writer::run(Batch& batch, std::vector<Result<void>>& results) {
  auto worked = work(batch, results);
  if (worked) return;
  // The transaction is undone: it failed for everybody in it.
  for (auto& result : results) {
    if (result) result = fail(worked.error());
  }
}

Result<void> Writer::work(Batch& batch, std::vector<Result<void>>& results) {
  bool durable = false;
  for (const Job& job : batch) durable = durable || job.kind == Job::Kind::durable;
  auto begun = database_->begin(durable ? Database::Sync::durable : Database::Sync::later);
  if (!begun) return begun;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    results[i] = batch[i].work(*database_);
    if (!database_->in_transaction()) return fail(results[i].error());
    if (!results[i] && results[i].error().sys != 0) {
      database_->rollback();
      return fail(results[i].error());
    }
  }
  auto committed = database_->commit();
  if (committed) unsynced_ = !durable;
  return committed;
}

}  // namespace postern::qmgr
