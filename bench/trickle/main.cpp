// Clients that keep a server waiting, in many phases of a session at the same time; see README.md.
//
//   bench_trickle port=2525 count=10000 kinds=255 request_s=300 …
//       a line when they all trickle; one JSON object when all were sent away, or SIGTERM came

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "bench/descriptors.h"
#include "bench/trickle/run.h"

using namespace postern;

namespace {

std::atomic<bool> stop{false};

}  // namespace

int main(int argc, char** argv) {
  trickle::Options options;
  const auto understood = options.read({argv + 1, argv + argc});
  if (!understood) {
    std::fprintf(stderr, "bench_trickle: %s\n", understood.error().text.c_str());
    return 2;
  }
  std::signal(SIGTERM, [](int) { stop = true; });
  std::signal(SIGPIPE, SIG_IGN);
  bench::allow_many_files();
  trickle::Run run(options);
  const std::string report = run.all(stop);
  std::printf("%s\n", report.c_str());
  return EXIT_SUCCESS;
}
