#include "lib/base/family.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "lib/base/fd.h"
#include "lib/base/text.h"

namespace postern {

namespace {

constexpr std::size_t kMostText = 1024 * 1024;
// A family without a limit on its processes might outrun us for ever.
constexpr int kMostRounds = 500;

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

// Everybody at one moment, but for those who are known already.
struct Census {
  std::multimap<pid_t, pid_t> children;  // by their parent
  std::set<pid_t> alive;
};
Census count_everybody(const std::set<pid_t>& known = {}) {
  Census census;
  for (const pid_t pid : all_processes()) {
    if (known.count(pid) != 0) continue;
    const Stat stat = stat_of(pid);
    census.children.emplace(stat.parent, pid);
    if (stat.state != 'Z' && stat.state != 'X') census.alive.insert(pid);
  }
  return census;
}

void add_children(const Census& census, pid_t parent, std::vector<pid_t>& to) {
  const auto [first, last] = census.children.equal_range(parent);
  for (auto child = first; child != last; ++child) to.push_back(child->second);
}

// These and all below them.
std::set<pid_t> families(const Census& census, const std::vector<pid_t>& roots) {
  std::set<pid_t> members;
  std::vector<pid_t> left = roots;
  while (!left.empty()) {
    const pid_t pid = left.back();
    left.pop_back();
    if (members.insert(pid).second) add_children(census, pid, left);
  }
  return members;
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

std::optional<std::string> variable_of(pid_t pid, std::string_view name) {
  const std::string environment = proc_text(pid, "environ");
  for (const auto pair : split_fields(environment, '\0')) {
    const bool is_it = pair.size() > name.size() && pair[name.size()] == '=' && pair.starts_with(name);
    if (is_it) return std::string(pair.substr(name.size() + 1));
  }
  return std::nullopt;
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

std::vector<pid_t> own_children() {
  const pid_t self = ::getpid();
  const std::string list = concat("task/", self, "/children");
  if (::access(concat("/proc/self/", list).c_str(), R_OK) != 0) return children_of(self);
  std::vector<pid_t> found;
  const std::string text = proc_text(self, list.c_str());
  for (const auto word : split_words(text)) {
    if (const auto number = parse_number(word)) found.push_back(static_cast<pid_t>(*number));
  }
  return found;
}

bool has_ended(pid_t pid) {
  const char state = stat_of(pid).state;
  return state == 'Z' || state == 'X';
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  add_children(count_everybody(), parent, found);
  return found;
}

std::vector<pid_t> descendants_of(pid_t ancestor) {
  const Census census = count_everybody();
  std::vector<pid_t> found;
  add_children(census, ancestor, found);
  for (std::size_t i = 0; i < found.size(); ++i) add_children(census, found[i], found);
  return found;
}

std::vector<KilledProcess> kill_families(const std::function<std::vector<pid_t>()>& roots) {
  std::vector<KilledProcess> stopped;
  std::set<pid_t> known;
  for (int round = 0; round < kMostRounds; ++round) {
    std::vector<pid_t> heads = roots();
    if (heads.empty()) break;
    // Who is known is not looked at again: a family that leaves thousands behind must not make us slow.
    const Census census = count_everybody(known);
    const std::size_t before = known.size();
    heads.insert(heads.end(), known.begin(), known.end());
    for (const pid_t pid : families(census, heads)) {
      // One that has ended since the last round may have started another before: that is a reason for one more.
      if (!known.insert(pid).second || census.alive.count(pid) == 0) continue;
      ::kill(pid, SIGSTOP);
      stopped.push_back({pid, printable(trim(proc_text(pid, "comm")), 64)});
    }
    if (known.size() == before) break;
  }
  for (const KilledProcess& process : stopped) ::kill(process.pid, SIGKILL);
  return stopped;
}

void kill_below(pid_t ancestor) {
  kill_families([ancestor] { return children_of(ancestor); });
}

}  // namespace postern
