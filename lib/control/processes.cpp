#include "lib/control/processes.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "lib/base/text.h"

namespace postern::control {

namespace {

// Who stops new processes as fast as they come is not faster than they for ever.
constexpr int kMostRounds = 1000;

using Family = std::multimap<pid_t, pid_t>;  // parent, child

std::optional<pid_t> parent_of(const std::string& process) {
  const auto line = read_file(concat("/proc/", process, "/stat"), 4096);
  if (!line) return std::nullopt;
  // "PID (name) S PPID …"; the name may hold anything, parentheses too.
  const auto behind = line->rfind(')');
  if (behind == std::string::npos) return std::nullopt;
  const auto words = split_words(std::string_view(*line).substr(behind + 1));
  const auto parent = words.size() > 1 ? parse_number(words[1]) : std::nullopt;
  return parent ? std::optional(static_cast<pid_t>(*parent)) : std::nullopt;
}

Family everybody() {
  Family all;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    const auto pid = parse_number(name);
    const auto parent = pid ? parent_of(name) : std::nullopt;
    if (parent) all.emplace(*parent, static_cast<pid_t>(*pid));
  }
  return all;
}

void add_children(const Family& all, pid_t parent, std::vector<pid_t>& to) {
  const auto [first, last] = all.equal_range(parent);
  for (auto at = first; at != last; ++at) to.push_back(at->second);
}

}  // namespace

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  add_children(everybody(), parent, found);
  return found;
}

std::vector<pid_t> descendants_of(pid_t ancestor) {
  const Family all = everybody();
  std::vector<pid_t> found;
  add_children(all, ancestor, found);
  for (std::size_t i = 0; i < found.size(); ++i) add_children(all, found[i], found);
  return found;
}

void kill_below(pid_t ancestor) {
  std::set<pid_t> known;
  for (int round = 0; round < kMostRounds; ++round) {
    const std::size_t before = known.size();
    for (const pid_t pid : descendants_of(ancestor)) {
      if (known.insert(pid).second) ::kill(pid, SIGSTOP);
    }
    if (known.size() == before) break;
  }
  for (const pid_t pid : known) ::kill(pid, SIGKILL);
}

bool wait_for_end(pid_t pid, Duration limit) {
  const auto process = Process::open(pid);
  return process ? process->ends_within(limit) : process.error().kind == Errc::not_found;
}

Result<Process> Process::open(pid_t pid) {
  Process process;
  process.pid_ = pid;
  process.fd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (process.fd_) return process;
  if (errno == ESRCH) return fail(Errc::not_found, concat("process ", pid, " is not there"));
  return fail_errno(concat("watch process ", pid), errno);
}

bool Process::ends_within(Duration limit) const {
  pollfd question{fd_.get(), POLLIN, 0};
  const auto wait = std::chrono::duration_cast<milliseconds>(limit).count();
  return ::poll(&question, 1, static_cast<int>(wait)) == 1;
}

Result<void> Process::send_signal(int number) const {
  if (::syscall(SYS_pidfd_send_signal, fd_.get(), number, nullptr, 0) == 0) return {};
  if (errno == ESRCH) return fail(Errc::lost, concat("process ", pid_, " has ended"));
  return fail_errno(concat("signal process ", pid_), errno);
}

}  // namespace postern::control
