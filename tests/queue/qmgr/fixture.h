// A queue in a directory of its own, with its loop, for the tests of qmgr.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include "lib/base/text.h"
#include "lib/net/scope.h"
#include "queue/qmgr/scheduler.h"

namespace postern::qmgr {

class Directory {
 public:
  Directory() {
    char name[] = "/tmp/postern-queue-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path_ = name;
    std::filesystem::create_directories(path_ + "/queue");
    std::filesystem::create_directories(path_ + "/spool");
    std::filesystem::create_directories(path_ + "/private");
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  const std::string& path() const { return path_; }
  std::string database() const { return path_ + "/queue/queue.db"; }
  std::string spool() const { return path_ + "/spool"; }

 private:
  std::string path_;
};

inline Message letter(std::int64_t id, int recipients = 1) {
  Message m;
  m.id = id;
  m.arrived = wall_micros();
  m.sender = "ann@example.org";
  m.content = concat("Subject: ", id, "\n\nbody\n");
  m.size = static_cast<std::int64_t>(m.content.size());
  for (int i = 1; i <= recipients; ++i) {
    Recipient& r = m.recipients.emplace_back();
    r.number = i;
    r.address = r.original = concat("user", i, "@example.com");
  }
  return m;
}

// Turns the loop until the condition holds; fails after ten seconds.
inline void wait_for(net::Loop& loop, const std::function<bool()>& condition) {
  const Deadline limit = loop.in(seconds(10));
  while (!condition()) {
    if (loop.now() > limit) FAIL("waited for too long");
    loop.turn(net::Loop::Wait::no);
    ::usleep(200);
  }
}

// Runs a task to its end.
template <class T>
T finish(net::Loop& loop, net::Task<T> task) {
  std::optional<T> result;
  net::Scope scope(loop);
  const auto body = [](net::Task<T> work, std::optional<T>& place) -> net::Task<void> {
    T value = co_await std::move(work);
    place.emplace(std::move(value));
  };
  scope.spawn(body(std::move(task), result));
  wait_for(loop, [&] { return result.has_value(); });
  return std::move(*result);
}

}  // namespace postern::qmgr
