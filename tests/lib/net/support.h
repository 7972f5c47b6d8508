// What the tests of the loop share: pairs of sockets, running one task to its end, counting descriptors.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "lib/base/fd.h"
#include "lib/net/loop.h"
#include "lib/net/task.h"

namespace postern::net::testing {

inline std::size_t open_descriptors() {
  const auto all = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

struct Pair {
  explicit Pair(int type = SOCK_STREAM) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    ours = Fd(ends[0]);
    theirs = Fd(ends[1]);
  }
  Fd ours;
  Fd theirs;
};

inline void say(const Fd& fd, std::string_view text) {
  REQUIRE(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}

// What is there now.
inline std::string heard(const Fd& fd) {
  std::string all;
  char block[65536];
  for (ssize_t n = 0; (n = ::recv(fd.get(), block, sizeof block, MSG_DONTWAIT)) > 0;) {
    all.append(block, static_cast<std::size_t>(n));
  }
  return all;
}

// Turns the loop until something is so; a test that waits longer than ten seconds has failed.
template <class Condition>
void turn_until(Loop& loop, Condition condition) {
  const auto limit = std::chrono::steady_clock::now() + seconds(10);
  while (!condition()) {
    REQUIRE(std::chrono::steady_clock::now() < limit);
    loop.turn(Loop::Wait::no);
    std::this_thread::yield();
  }
}

template <class T>
Task<void> keep(Task<T> task, std::optional<T>& place) {
  auto result = co_await std::move(task);
  place.emplace(std::move(result));
}

// Runs a task to its end and returns or throws what it did.
template <class T>
T finish(Loop& loop, Task<T> task) {
  std::optional<T> place;
  Task<void> root = keep(std::move(task), place);
  root.handle().resume();
  turn_until(loop, [&] { return root.done(); });
  root.handle().promise().take();
  return std::move(*place);
}
inline void finish(Loop& loop, Task<void> task) {
  task.handle().resume();
  turn_until(loop, [&] { return task.done(); });
  task.handle().promise().take();
}

// Counts what is made and destroyed, and notices a second destruction.
struct Counted {
  explicit Counted(int& living) : living_(&living) { ++*living_; }
  Counted(Counted&& other) noexcept : living_(other.living_) { ++*living_; }
  Counted(const Counted&) = delete;
  Counted& operator=(Counted&&) = delete;
  ~Counted() {
    REQUIRE(living_ != nullptr);
    --*living_;
    living_ = nullptr;
  }

 private:
  int* living_;
};

}  // namespace postern::net::testing
