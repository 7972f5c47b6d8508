// A process that is killed at any moment leaves every message that it acknowledged, once.
#include <signal.h>
#include <sys/wait.h>

#include <set>

#include "tests/queue/qmgr/fixture.h"

using namespace postern;
using namespace postern::qmgr;

namespace {

// In the child: stores messages through the writer and says each id on the pipe when it is acknowledged; every
// third one is then recorded as delivered.
[[noreturn]] void store_until_killed(const Directory& directory, int pipe, std::int64_t first) {
  net::Loop loop;
  Trouble trouble;
  auto database = Database::open(directory.database());
  if (!database) ::_exit(1);
  Store store(loop, std::move(*database), 0, trouble);
  net::Scope scope(loop);
  const auto one = [](Store& to, int out, std::int64_t id) -> net::Task<void> {
    const queue::Settlement nothing;
    auto stored = co_await to.insert(std::make_shared<Message>(letter(id, 2)), nothing);
    if (!stored) co_return;
    if (::write(out, &id, sizeof id) != sizeof id) ::_exit(2);
    if (id % 3 != 0) co_return;
    Change change;
    change.message = id;
    change.finished = true;
    co_await to.record(change);
    const std::int64_t gone = -id;
    if (::write(out, &gone, sizeof gone) != sizeof gone) ::_exit(2);
  };
  for (std::int64_t id = first;; ++id) {
    scope.spawn(one(store, pipe, id));
    if (id % 16 == 0) loop.turn(net::Loop::Wait::yes);
  }
}

}  // namespace

TEST_CASE("After kill -9 at any moment the queue holds what was acknowledged and not delivered") {
  Directory directory;
  std::set<std::int64_t> acknowledged;
  std::set<std::int64_t> delivered;
  for (int round = 0; round < 12; ++round) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(ends[0]);
      store_until_killed(directory, ends[1], 1 + round * 1'000'000);
    }
    ::close(ends[1]);
    std::int64_t id = 0;
    std::size_t seen = 0;
    // Killed after a number of acknowledgements that differs from round to round.
    while (::read(ends[0], &id, sizeof id) == sizeof id) {
      if (id > 0) acknowledged.insert(id);
      if (id < 0) delivered.insert(-id);
      if (++seen == 1 + static_cast<std::size_t>(round) * 37) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));

    auto database = Database::open(directory.database());
    if (!database) FAIL(database.error().text);
    std::set<std::int64_t> there;
    for (;;) {
      auto due = (*database)->take_due(1, 1000);
      REQUIRE(due);
      if (due->empty()) break;
      for (const MessagePtr& message : *due) {
        CHECK(message->recipients.size() == 2);
        CHECK((*database)->content(message->id).value() == letter(message->id).content);
        there.insert(message->id);
      }
    }
    for (const std::int64_t number : acknowledged) {
      CAPTURE(number);
      if (number % 3 != 0) CHECK(there.contains(number));
    }
    for (const std::int64_t number : delivered) CHECK_FALSE(there.contains(number));
  }
  CHECK(acknowledged.size() > 100);
}
