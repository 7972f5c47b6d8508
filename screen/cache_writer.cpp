#include "screen/cache_writer.h"

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace postern::screen {

using screening::Batch;

namespace {

constexpr int kClientsOfStep = 500;
// Between two steps of cleaning up, in which others may write.
constexpr milliseconds kPause{2};

}  // namespace

void merge(std::optional<Batch>& into, Batch batch, std::size_t most) {
  if (!into) {
    into = std::move(batch);
    return;
  }
  for (auto& [client, passes] : batch.passes) {
    const auto found = into->passes.find(client);
    if (found != into->passes.end()) {
      screening::merge(found->second, passes);
    } else if (into->passes.size() < most) {
      into->passes.emplace(client, passes);
    }
  }
  into->tally.add(batch.tally);
  into->hour = batch.hour;
}

CacheWriter::CacheWriter(net::Loop& loop, std::unique_ptr<screening::Database> database, std::string name)
    : loop_(loop),
      name_(std::move(name)),
      ended_(std::make_shared<Ended>(loop)),
      database_(std::move(database)),
      thread_([this] { serve(); }) {}

CacheWriter::~CacheWriter() {
  close();
  thread_.join();
}

void CacheWriter::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  there_is_work_.notify_one();
}

void CacheWriter::write(Batch batch) {
  {
    const std::lock_guard lock(mutex_);
    merge(waiting_, std::move(batch), kHeld);
  }
  there_is_work_.notify_one();
}

void CacheWriter::clean(seconds interval, seconds retention) {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = Cleaning{interval, retention};
  }
  there_is_work_.notify_one();
}

net::Task<void> CacheWriter::finish() {
  close();
  const auto ended = ended_;
  while (!ended->there) {
    const bool notified = co_await ended->event.wait(Deadline::max());  // the thread always ends
    if (!notified) continue;
  }
}

bool CacheWriter::has_work() const { return closing_ || waiting_ || wanted_; }

void CacheWriter::serve() {
  std::unique_lock lock(mutex_);
  for (bool last = false; !last;) {
    const auto ready = [this] { return has_work(); };
    if (cleaning_) {
      there_is_work_.wait_for(lock, kPause, ready);
    } else if (held_) {
      there_is_work_.wait_for(lock, kRetry, ready);
    } else {
      there_is_work_.wait(lock, ready);
    }
    last = closing_;
    if (waiting_) merge(held_, *std::exchange(waiting_, std::nullopt), kHeld);
    if (wanted_ && !cleaning_) cleaning_ = wanted_;
    wanted_.reset();
    lock.unlock();
    if (last) next_try_ = {};
    if (held_) store();
    if (cleaning_ && !last) clean_step();
    lock.lock();
  }
  lock.unlock();
  if (cleaning_ && cleaning_->claimed) end_cleaning("partial");
  if (!in_trouble_) database_->checkpoint();
  database_.reset();
  loop_.post_from_thread([ended = ended_] {
    ended->there = true;
    ended->event.notify();
  });
}

void CacheWriter::store() {
  if (std::chrono::steady_clock::now() < next_try_) return;
  auto stored = database_->store(*held_);
  if (!stored && stored.error().kind == Errc::invalid) {
    const std::string damage = stored.error().text;
    stored = database_->begin_anew();
    if (stored) say(true, concat("is damaged, and was begun anew: ", damage));
    if (stored) stored = database_->store(*held_);
  }
  if (!stored) return trouble(stored.error());
  held_.reset();
  if (in_trouble_) say(false, "can be written again");
  in_trouble_ = false;
}

void CacheWriter::trouble(const Error& error) {
  next_try_ = std::chrono::steady_clock::now() + kRetry;
  if (!in_trouble_) say(true, concat("cannot be written, and goes on in memory: ", error.text));
  in_trouble_ = true;
}

void CacheWriter::clean_step() {
  const std::int64_t now = wall_seconds();
  Result<void> done;
  if (!cleaning_->claimed) {
    const auto claimed = database_->claim_cleanup(now, cleaning_->interval.count());
    if (!claimed || !*claimed) {
      cleaning_.reset();
      if (!claimed) trouble(claimed.error());
      return;
    }
    cleaning_->claimed = true;
  }
  done = database_->clean(cleaning_->state, now - cleaning_->retention.count(), kClientsOfStep);
  const bool ended = done && cleaning_->state.ended;
  if (ended) done = database_->end_cleanup(now);
  if (!done) trouble(done.error());
  if (ended || !done) end_cleaning(done ? "full" : "partial");
}

void CacheWriter::end_cleaning(std::string_view how) {
  const auto& state = cleaning_->state;
  say(false, concat(how, " cleanup: retained=", state.retained, " dropped=", state.dropped, " entries"));
  cleaning_.reset();
}

// The loop's thread alone writes the log.
void CacheWriter::say(bool is_warning, std::string_view text) {
  loop_.post_from_thread([is_warning, line = concat("cache ", name_, " ", text)] {
    if (is_warning) return log_warning(line);
    log_info(line);
  });
}

}  // namespace postern::screen
