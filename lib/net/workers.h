// A small pool of threads for what waits for a disk. A coroutine hands over a function and goes on, in the
// loop, when it has run. Cancelling the coroutine does not stop the function: it runs, and its result is
// dropped.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "lib/net/loop.h"
#include "lib/net/task.h"
#include "lib/net/wait.h"

namespace postern::net {

class Workers {
 public:
  // The pool must die before the loop.
  Workers(Loop& loop, unsigned threads);
  // Waits for the functions that run; those that have not started are dropped.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Runs a function on a thread and returns what it returned, or throws what it threw. The function owns what
  // it uses.
  template <class T>
  Task<T> run(std::function<T()> function) {
    // Shared by the coroutine, which may be cancelled, and the thread.
    auto place = std::make_shared<Place<T>>(loop_);
    submit(
        [place, function = std::move(function)] {
          try {
            place->result.emplace(function());
          } catch (...) {
            place->thrown = std::current_exception();
          }
        },
        [place] {
          place->there = true;
          place->arrived.notify();
        });
    while (!place->there) {
      const bool arrived =
          co_await place->arrived.wait(Deadline::max());  // a function that waits for a disk ends
      if (!arrived) continue;
    }
    if (place->thrown) std::rethrow_exception(place->thrown);
    co_return std::move(*place->result);
  }

 private:
  template <class T>
  struct Place {
    explicit Place(Loop& loop) : arrived(loop) {}
    Event arrived;
    std::optional<T> result;
    std::exception_ptr thrown;
    bool there = false;
  };
  struct Job {
    std::function<void()> work;
    std::function<void()> done;
  };
  void submit(std::function<void()> work, std::function<void()> done);
  void serve();

  Loop& loop_;
  std::mutex mutex_;
  std::condition_variable there_is_work_;
  std::deque<Job> jobs_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace postern::net
