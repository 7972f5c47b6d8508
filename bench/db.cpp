// What the queue database costs by itself: messages of 4 KiB inserted in durable commits of N, and removed again in
// commits without a sync, as qmgr does it.
//
//   bench_db [DIRECTORY [MESSAGES]]
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/queue/database.h"

using namespace postern;
using queue::Database;

namespace {

constexpr std::size_t kContent = 4096;
constexpr int kBatches[] = {1, 10, 20, 50};

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

queue::Message example(std::int64_t id) {
  queue::Message message;
  message.id = id;
  message.arrived = wall_micros();
  message.size = kContent;
  message.sender = "sender@load.test";
  message.content.assign(kContent, 'x');
  queue::Recipient& recipient = message.recipients.emplace_back();
  recipient.number = 1;
  recipient.address = recipient.original = "user@discard.test";
  return message;
}

Result<void> insert(Database& database, std::int64_t first, int batch) {
  auto begun = database.begin(Database::Sync::durable);
  if (!begun) return begun;
  for (std::int64_t id = first; id < first + batch; ++id) {
    auto inserted = database.insert(example(id));
    if (!inserted) return inserted;
  }
  return database.commit();
}

Result<void> remove(Database& database, std::int64_t first, int batch) {
  auto begun = database.begin(Database::Sync::later);
  if (!begun) return begun;
  for (std::int64_t id = first; id < first + batch; ++id) {
    queue::Change change;
    change.message = id;
    change.finished = true;
    auto applied = database.apply(change);
    if (!applied) return applied;
  }
  return database.commit();
}

// One row of the table.
Result<void> measure(const std::string& path, std::int64_t messages, int batch) {
  auto database = Database::open(path);
  if (!database) return fail(database.error());
  const auto cpu = cpu_seconds();
  const auto begun = std::chrono::steady_clock::now();
  std::int64_t done = 0;
  for (; done + batch <= messages; done += batch) {
    auto inserted = insert(**database, done + 1, batch);
    if (!inserted) return inserted;
    auto removed = remove(**database, done + 1, batch);
    if (!removed) return removed;
    (*database)->checkpoint(4000);
  }
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  const auto count = static_cast<double>(done);
  std::printf("%8d %14.0f %14.1f %14.1f\n", batch, count / wall, wall / count * 1e6,
              (cpu_seconds() - cpu) / count * 1e6);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = argc > 2 ? parse_number(argv[2]) : 5000;
  std::string directory = concat(argc > 1 ? argv[1] : "/tmp", "/bench_db.XXXXXX");
  if (!number || ::mkdtemp(directory.data()) == nullptr) {
    std::fprintf(stderr, "usage: bench_db [DIRECTORY [MESSAGES]]\n");
    return 2;
  }
  std::printf("%8s %14s %14s %14s\n", "batch", "messages/s", "us/message", "CPU us/message");
  int status = EXIT_SUCCESS;
  for (const int batch : kBatches) {
    const auto result = measure(concat(directory, "/", batch, ".db"), *number, batch);
    if (result) continue;
    std::fprintf(stderr, "bench_db: %s\n", result.error().text.c_str());
    status = EXIT_FAILURE;
  }
  std::filesystem::remove_all(directory);
  return status;
}
