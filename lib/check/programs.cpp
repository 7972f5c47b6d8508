#include "lib/check/programs.h"

#include <algorithm>

#include "lib/config/likely.h"

namespace postern::check {

namespace {

struct Folded {
  std::string_view program, into;
};
constexpr Folded kFolded[] = {
    {"trivial-rewrite", "smtpd, cleanup and qmgr resolve and rewrite addresses themselves"},
    {"proxymap", "each service opens its tables itself before it enters its jail"},
    {"scache", "smtp keeps connections for use again itself"},
    {"tlsproxy", "screen and smtp speak TLS themselves"},
    {"dnsblog", "screen asks DNS lists itself"},
    {"proxywrite", "each service opens its tables itself before it enters its jail"},
};

constexpr std::string_view kPrograms[] = {"anvil",    "bounce",     "cleanup", "discard", "error",  "flush",
                                          "lmtp",     "local",      "nqmgr",   "oqmgr",   "pickup", "pipe",
                                          "postlogd", "postscreen", "qmgr",    "qmqpd",   "showq",  "smtp",
                                          "smtpd",    "spawn",      "tlsmgr",  "verify",  "virtual"};

}  // namespace

std::optional<std::string_view> folded_into(std::string_view program) {
  const auto* found = std::find_if(std::begin(kFolded), std::end(kFolded),
                                   [program](const Folded& folded) { return folded.program == program; });
  if (found == std::end(kFolded)) return std::nullopt;
  return found->into;
}

bool is_known_program(std::string_view program) {
  return std::find(std::begin(kPrograms), std::end(kPrograms), program) != std::end(kPrograms);
}

std::string likely_program(std::string_view program) {
  config::Likely likely(program);
  for (const auto name : kPrograms) likely.offer(name);
  return likely.question();
}

}  // namespace postern::check
