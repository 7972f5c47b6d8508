#include "lib/check/programs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lib/base/text.h"
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
    {"tlsmgr", "master keeps the keys of session tickets, and no session is kept on disk"},
    {"tlsproxy", "screen and smtp speak TLS themselves"},
    {"dnsblog", "screen asks DNS lists itself"},
    {"proxywrite", "each service opens its tables itself before it enters its jail"},
};

constexpr std::string_view kPrograms[] = {"anvil",    "bounce",     "cleanup", "discard", "error",  "flush",
                                          "lmtp",     "local",      "nqmgr",   "oqmgr",   "pickup", "pipe",
                                          "postlogd", "postscreen", "qmgr",    "qmqpd",   "screen", "showq",
                                          "smtp",     "smtpd",      "spawn",   "verify",  "virtual"};

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

const Program& Programs::find(const std::string& command) {
  const auto [known, is_new] = known_.try_emplace(command);
  if (is_new) known->second = look_at(command);
  return known->second;
}

Program Programs::look_at(const std::string& command) const {
  if (const auto into = folded_into(command)) {
    return {Presence::folded, concat("program ", command, " is not needed: ", *into)};
  }
  const std::string path = concat(directory_, "/", command);
  struct stat status {};
  int problem = ::stat(path.c_str(), &status) != 0 || ::access(path.c_str(), X_OK) != 0 ? errno : 0;
  if (problem == 0 && !S_ISREG(status.st_mode)) problem = EACCES;
  if (problem == 0) return {};
  if (is_known_program(command) && (problem == ENOENT || problem == ENOTDIR)) {
    return {Presence::not_installed, concat("program ", path, " is not there")};
  }
  return {Presence::faulty, concat(path, ": ", std::strerror(problem),
                                   problem == ENOENT ? likely_program(command) : std::string())};
}

std::string likely_program(std::string_view program) {
  config::Likely likely(program);
  for (const auto name : kPrograms) likely.offer(name);
  return likely.question();
}

}  // namespace postern::check
