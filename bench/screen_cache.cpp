// What the cache of screening costs for each question.
//
//   bench_screen_cache [DIRECTORY [CLIENTS]]
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "lib/base/text.h"
#include "lib/base/time.h"
#include "screen/cache.h"

using namespace postern;

namespace {

constexpr int kQuestions = 50'000;
constexpr int kTurns[] = {1, 10, 100};

std::string address(std::string_view network, unsigned number) {
  return concat(network, number >> 16 & 255, ".", number >> 8 & 255, ".", number & 255);
}

double micros_each(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - since).count() /
         kQuestions;
}

// Clients of the network, of numbers below `most`.
double ask(net::Loop& loop, screen::Cache& cache, std::string_view network, unsigned most, int in_a_turn) {
  std::minstd_rand random(1);
  std::vector<std::string> clients;
  for (int i = 0; i < kQuestions; ++i)
    clients.push_back(address(network, static_cast<unsigned>(random()) % most));
  const std::int64_t now = wall_seconds();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kQuestions; ++i) {
    static_cast<void>(cache.find(clients[static_cast<std::size_t>(i)], screening::kEarlyTests, now));
    if (i % in_a_turn == 0) loop.turn(net::Loop::Wait::no);
  }
  return micros_each(start);
}

Result<void> measure(const std::string& directory, unsigned clients) {
  screen::CacheSetup setup;
  setup.map = concat("btree:", directory, "/cache");
  setup.retention = seconds(86400);
  auto database = screening::Database::open(directory + "/cache.db", screening::Database::Access::make);
  if (!database) return fail(database.error());
  screening::Batch all;
  const std::int64_t until = wall_seconds() + 3600;
  for (unsigned i = 0; i < clients; ++i) all.passes[address("10.", i)] = {{until, until, 0, 0, 0}};
  auto stored = (*database)->store(all);
  if (!stored) return stored;
  for (const int in_a_turn : kTurns) {
    net::Loop loop;
    auto cache = screen::Cache::open(loop, setup);
    if (!cache) return fail(cache.error());
    const double unknown = ask(loop, **cache, "172.", 1 << 24, in_a_turn);
    const double in_file = ask(loop, **cache, "10.", clients, in_a_turn);
    const double in_memory = ask(loop, **cache, "10.", std::min(clients, 1000u), in_a_turn);
    std::printf("%3d in a turn: unknown %.2f us, in the file %.2f us, in memory %.2f us\n", in_a_turn,
                unknown, in_file, in_memory);
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  std::string directory = concat(argc > 1 ? argv[1] : "/tmp", "/bench-XXXXXX");
  const auto clients = argc > 2 ? parse_number(argv[2]) : 300'000;
  if (::mkdtemp(directory.data()) == nullptr || !clients || *clients < 1 || *clients > 1 << 24) {
    std::fputs("usage: bench_screen_cache [DIRECTORY [CLIENTS]]\n", stderr);
    return EXIT_FAILURE;
  }
  const auto measured = measure(directory, static_cast<unsigned>(*clients));
  std::filesystem::remove_all(directory);
  if (measured) return EXIT_SUCCESS;
  std::fprintf(stderr, "bench_screen_cache: %s\n", measured.error().text.c_str());
  return EXIT_FAILURE;
}
