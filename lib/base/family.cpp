#include "lib/base/family.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>

#include "lib/base/fd.h"
#include "lib/base/text.h"

namespace postern {

namespace {

constexpr std::size_t kMostText = 256 * 1024;
// A family without a limit on its processes might outrun us for ever.
constexpr int kMostRounds = 500;

// State, parent and start, behind the name in brackets, which may hold anything.
struct Stat {
  char state = 'X';
  pid_t parent = -1;
  std::uint64_t start = 0;
};
constexpr std::size_t kStartWord = 19;

Stat stat_of(pid_t pid) {
  const std::string text = proc_text(pid, "stat");
  const std::size_t end = text.rfind(')');
  if (end == std::string::npos) return {};
  const auto words = split_words(std::string_view(text).substr(end + 1));
  if (words.size() <= kStartWord) return {};
  return {words[0].front(), static_cast<pid_t>(parse_number(words[1]).value_or(-1)),
          static_cast<std::uint64_t>(parse_number(words[kStartWord]).value_or(0))};
}

// Where process ids are scarce, one is soon somebody else's: with its start it is one process.
using Processes = std::map<pid_t, std::uint64_t>;

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

// These and all below them that have not ended.
Processes living_families(const std::vector<pid_t>& roots) {
  std::multimap<pid_t, pid_t> children;
  Processes alive;
  for (const pid_t pid : all_processes()) {
    const Stat stat = stat_of(pid);
    children.emplace(stat.parent, pid);
    if (stat.state != 'Z' && stat.state != 'X') alive.emplace(pid, stat.start);
  }
  std::set<pid_t> family;
  std::vector<pid_t> left = roots;
  while (!left.empty()) {
    const pid_t pid = left.back();
    left.pop_back();
    if (!family.insert(pid).second) continue;
    const auto [first, last] = children.equal_range(pid);
    for (auto child = first; child != last; ++child) left.push_back(child->second);
  }
  std::erase_if(alive, [&](const auto& one) { return family.count(one.first) == 0; });
  return alive;
}

}  // namespace

std::string proc_text(pid_t pid, const char* name) {
  const auto file = open_file(concat("/proc/", pid, "/", name), O_RDONLY);
  std::string text;
  char buffer[4096];
  ssize_t got = 0;
  while (file && text.size() < kMostText && (got = ::read(file->get(), buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

std::vector<pid_t> own_children() {
  const pid_t self = ::getpid();
  const std::string list = concat("task/", self, "/children");
  std::vector<pid_t> found;
  if (::access(concat("/proc/self/", list).c_str(), R_OK) == 0) {
    const std::string text = proc_text(self, list.c_str());
    for (const auto word : split_words(text)) {
      if (const auto number = parse_number(word)) found.push_back(static_cast<pid_t>(*number));
    }
    return found;
  }
  found = all_processes();
  std::erase_if(found, [self](pid_t pid) { return stat_of(pid).parent != self; });
  return found;
}

bool has_ended(pid_t pid) {
  const char state = stat_of(pid).state;
  return state == 'Z' || state == 'X';
}

std::vector<KilledProcess> kill_families(const std::function<std::vector<pid_t>()>& roots) {
  std::vector<KilledProcess> stopped;
  Processes known;
  for (int round = 0; round < kMostRounds; ++round) {
    const std::vector<pid_t> heads = roots();
    if (heads.empty()) break;
    const std::size_t before = stopped.size();
    for (const auto& [pid, start] : living_families(heads)) {
      const auto found = known.find(pid);
      const bool is_known = found != known.end() && found->second == start;
      if (is_known || stat_of(pid).start != start) continue;
      known[pid] = start;
      ::kill(pid, SIGSTOP);
      stopped.push_back({pid, printable(trim(proc_text(pid, "comm")), 64)});
    }
    if (stopped.size() == before) break;
  }
  for (const auto& [pid, start] : known) {
    if (stat_of(pid).start == start) ::kill(pid, SIGKILL);
  }
  return stopped;
}

}  // namespace postern
