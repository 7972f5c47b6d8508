// A botnet and a few legitimate senders, who call at 127.0.0.1, and a DNS list that knows some of them; see README.md.
//
//   bench_botnet run port=2525 bots=20000 rate=1000 seed=1 …      one JSON object: what became of whom
//   bench_botnet hold port=2525 hold=20000 rate=4000 greet_ms=30000 bots=2000 …
//                        a line when all are there; they leave at their greeting; the callers of `run` come when all are there
//   bench_botnet dns 127.53.0.1 53

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "bench/botnet/name_server.h"
#include "bench/botnet/run.h"
#include "bench/descriptors.h"
#include "lib/base/text.h"

using namespace postern;

namespace {

int complain(std::string_view text) {
  std::fprintf(stderr, "bench_botnet: %.*s\n", static_cast<int>(text.size()), text.data());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "dns" && argc == 4) {
    const auto port = parse_number(argv[3]);
    const auto served = botnet::serve_names(argv[2], static_cast<unsigned>(port.value_or(0)));
    return complain(served.error().text);
  }
  if (what != "run" && what != "hold") return complain("say run, hold, or dns ADDRESS PORT");
  botnet::Options options;
  const auto understood = options.read({argv + 2, argv + argc});
  if (!understood) return complain(understood.error().text);
  if (what == "run") options.numbers["hold"] = 0;
  bench::allow_many_files();
  botnet::Run run(options);
  const std::string report = run.all();
  std::printf("%s\n", report.c_str());
  return EXIT_SUCCESS;
}
