// The one thread that writes to the file of the cache. The loop hands over batches and never waits. While the file cannot
// be written, what is to be written is held, within a bound, and tried again.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "lib/base/time.h"
#include "lib/net/loop.h"
#include "lib/net/task.h"
#include "lib/net/wait.h"
#include "lib/screening/database.h"

namespace postern::screen {

class CacheWriter {
 public:
  static constexpr std::size_t kHeld = 100'000;  // clients
  static constexpr seconds kRetry{5};

  // `name` is what the log calls the cache.
  CacheWriter(net::Loop& loop, std::unique_ptr<screening::Database> database, std::string name);
  // Writes what was handed over.
  ~CacheWriter();
  CacheWriter(const CacheWriter&) = delete;
  CacheWriter& operator=(const CacheWriter&) = delete;

  void write(screening::Batch batch);
  // Cleans up, unless another process does or that was done less than `interval` ago.
  void clean(seconds interval, seconds retention);
  // Returns when all that was handed over is written, or cannot be; nothing may be handed over any more.
  net::Task<void> finish();

 private:
  struct Cleaning {
    seconds interval, retention;
    screening::Database::Cleanup state{};
    bool claimed = false;
  };
  struct Ended {
    explicit Ended(net::Loop& loop) : event(loop) {}
    net::Event event;
    bool there = false;
  };

  void serve();
  bool has_work() const;
  void store();
  void trouble(const Error& error);

  void clean_step();
  void end_cleaning(std::string_view how);
  void say(bool is_warning, std::string_view text);
  void close();

  net::Loop& loop_;
  std::string name_;
  std::shared_ptr<Ended> ended_;

  std::mutex mutex_;  // of what both threads see
  std::condition_variable there_is_work_;
  std::optional<screening::Batch> waiting_;
  std::optional<Cleaning> wanted_;
  bool closing_ = false;

  // The thread's own.
  std::unique_ptr<screening::Database> database_;
  std::optional<screening::Batch> held_;
  std::optional<Cleaning> cleaning_;
  Instant next_try_{};
  bool in_trouble_ = false;

  std::thread thread_;
};

// Adds a batch to another; when there are `most` clients, new ones are dropped.
void merge(std::optional<screening::Batch>& into, screening::Batch batch, std::size_t most);

}  // namespace postern::screen
