#include "master/trial.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "lib/base/text.h"
#include "lib/net/readiness.h"
#include "master/spawn.h"

namespace postern::master {

namespace {

constexpr Duration kLongestTrial = seconds(10);
constexpr std::size_t kMostWords = 10000;

// Ours as it is: a service manager has put its own things there.
std::vector<std::string> own_environment() {
  std::vector<std::string> all;
  for (char** pair = environ; *pair != nullptr; ++pair) all.emplace_back(*pair);
  return all;
}

// Reads what there is; false at the end.
bool hear(int fd, std::string& words) {
  std::array<char, 1024> bytes;
  for (;;) {
    const ssize_t got = ::read(fd, bytes.data(), bytes.size());
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return false;
    if (got < 0 && errno == EAGAIN) return true;
    if (got > 0 && words.size() < kMostWords) words.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

Result<void> verdict(const std::string& program, const std::string& words) {
  const auto lines = split_words(words, "\n");
  if (!lines.empty() && lines.back() == kCouldTakeOver) return {};
  if (lines.empty()) return fail(Errc::invalid, concat(program, " ended without a word"));
  std::string_view reason = lines.back();
  constexpr std::string_view kFatal = "fatal: ";
  if (const auto at = reason.find(kFatal); at != reason.npos) reason.remove_prefix(at + kFatal.size());
  return fail(Errc::invalid, printable(reason));
}

}  // namespace

net::Task<Result<void>> try_successor(net::Loop& loop, std::string program, std::string directory,
                                      int handover) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) co_return fail_errno("create a pipe", errno);
  const Fd ours(ends[0]);
  Fd theirs(ends[1]);
  Start start;
  start.path = program;
  start.words = {program, "-t", "-U", "3", "-c", directory};
  start.environment = own_environment();
  start.errors = theirs.get();
  start.descriptors = {handover};
  const auto pid = start_program(start);
  theirs.reset();
  if (!pid) co_return fail(pid.error());
  std::string words;
  net::Readiness readiness(loop, ours.get());
  const Deadline deadline = loop.in(kLongestTrial);
  while (hear(ours.get(), words)) {
    const bool came = co_await readiness.readable(deadline);
    if (came) continue;
    ::kill(*pid, SIGKILL);
    co_return fail(Errc::timeout, concat(program, " says nothing"));
  }
  co_return verdict(program, words);
}

}  // namespace postern::master
