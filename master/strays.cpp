#include "master/strays.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/daemon/contract.h"

namespace postern::master {

namespace {

constexpr std::size_t kMostText = 256 * 1024;  // of a file of /proc
constexpr std::size_t kMostNamed = 5;

// The beginning of /proc/PID/NAME; "" when the process is gone, or somebody else's business.
std::string proc_text(pid_t pid, const char* name) {
  const auto file = open_file(concat("/proc/", pid, "/", name), O_RDONLY);
  std::string text;
  if (!file) return text;
  char buffer[4096];
  ssize_t got = 0;
  while (text.size() < kMostText && (got = ::read(file->get(), buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

// State and parent, behind the name in brackets, which may hold anything.
struct Stat {
  char state = 'X';
  pid_t parent = -1;
};
Stat stat_of(pid_t pid) {
  const std::string text = proc_text(pid, "stat");
  const std::size_t end = text.rfind(')');
  if (end == std::string::npos) return {};
  const auto words = split_words(std::string_view(text).substr(end + 1));
  if (words.size() < 2) return {};
  return {words[0].front(), static_cast<pid_t>(parse_number(words[1]).value_or(-1))};
}

std::vector<pid_t> numbers_in(std::string_view text) {
  std::vector<pid_t> found;
  for (const auto word : split_words(text)) {
    if (const auto number = parse_number(word)) found.push_back(static_cast<pid_t>(*number));
  }
  return found;
}

std::vector<pid_t> all_processes() {
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  const std::unique_ptr<DIR, Close> directory(::opendir("/proc"));
  std::vector<pid_t> found;
  while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
    if (const auto number = parse_number(entry->d_name)) found.push_back(static_cast<pid_t>(*number));
  }
  return found;
}

// Of the kernel's list, where it keeps one; otherwise of all processes.
std::vector<pid_t> own_children() {
  const pid_t self = ::getpid();
  const std::string list = concat("task/", self, "/children");
  if (::access(concat("/proc/self/", list).c_str(), R_OK) == 0)
    return numbers_in(proc_text(self, list.c_str()));
  std::vector<pid_t> all = all_processes();
  std::erase_if(all, [self](pid_t pid) { return stat_of(pid).parent != self; });
  return all;
}

bool runs(pid_t pid) {
  const char state = stat_of(pid).state;
  return state != 'Z' && state != 'X';
}

// The foreign program that started it, if it still says so.
std::optional<pid_t> leader_of(pid_t pid) {
  const std::string name = concat(daemon::kLeaderVariable, "=");
  for (const auto pair : split_fields(proc_text(pid, "environ"), '\0')) {
    if (pair.substr(0, name.size()) != name) continue;
    const auto number = parse_number(pair.substr(name.size()));
    if (number) return static_cast<pid_t>(*number);
  }
  return std::nullopt;
}

bool has_no_new_privileges(pid_t pid) {
  return proc_text(pid, "status").find("\nNoNewPrivs:\t1\n") != std::string::npos;
}

bool is_among(const std::vector<pid_t>& pids, pid_t pid) {
  return std::find(pids.begin(), pids.end(), pid) != pids.end();
}

bool has_children() {
  siginfo_t end{};
  return ::waitid(P_ALL, 0, &end, WEXITED | WNOHANG | WNOWAIT) == 0;
}

}  // namespace

Result<void> Strays::adopt_orphans() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
    return fail_errno("become the parent of orphans", errno);
  return {};
}

pid_t Strays::next_ended() {
  siginfo_t end{};
  int looked = 0;
  do {
    looked = ::waitid(P_ALL, 0, &end, WEXITED | WNOHANG | WNOWAIT);
  } while (looked != 0 && errno == EINTR);
  return looked == 0 ? end.si_pid : 0;
}

void Strays::launched(pid_t leader) {
  leaders_.insert(leader);
  ever_ = true;
}

void Strays::ended(pid_t child) {
  killed_.erase(child);
  if (leaders_.erase(child) != 0) ::kill(-child, SIGKILL);
}

bool Strays::is_stray(pid_t child, Whose whose) const {
  if (whose == Whose::everybody && ::getpid() != 1) return true;
  if (const auto leader = leader_of(child)) return leaders_.count(*leader) == 0;
  // It hides whose it is. That it is nobody's is sure when there is no foreign program.
  const bool marked = has_no_new_privileges(child) && ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
  return marked && leaders_.empty();
}

std::vector<Stray> Strays::kill(const std::vector<pid_t>& known, Whose whose) {
  std::vector<Stray> found;
  remain_ = whose == Whose::everybody && known.empty() && ::getpid() != 1 && has_children();
  for (const pid_t child : own_children()) {
    const bool wanted = is_among(known, child) || leaders_.count(child) != 0;
    if (wanted || !runs(child) || !is_stray(child, whose)) continue;
    remain_ = true;
    if (killed_.insert(child).second) {
      found.push_back({child, printable(trim(proc_text(child, "comm")))});
    }
    // A group is killed at one blow, so that none of it starts another one meanwhile.
    const pid_t group = ::getpgid(child);
    const bool is_theirs =
        group > 1 && group != ::getpgrp() && leaders_.count(group) == 0 && !is_among(known, group);
    ::kill(is_theirs ? -group : child, SIGKILL);
  }
  return found;
}

std::string describe(const std::vector<Stray>& strays) {
  std::string names;
  for (std::size_t i = 0; i < strays.size() && i < kMostNamed; ++i) {
    names += concat(i == 0 ? "" : ", ", strays[i].name, " (", strays[i].pid, ")");
  }
  if (strays.size() > kMostNamed) names += ", …";
  return concat("killed ", strays.size(), strays.size() == 1 ? " process that was" : " processes that were",
                " left behind: ", names);
}

}  // namespace postern::master
