#include "master/strays.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "lib/base/text.h"
#include "lib/daemon/contract.h"

namespace postern::master {

namespace {

constexpr std::size_t kMostNamed = 5;

// The foreign program that started it, if it still says so.
std::optional<pid_t> leader_of(pid_t pid) {
  const auto leader = variable_of(pid, daemon::kLeaderVariable);
  const auto number = leader ? parse_number(*leader) : std::nullopt;
  return number ? std::optional(static_cast<pid_t>(*number)) : std::nullopt;
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

void Strays::resume(const std::vector<pid_t>& children) {
  for (const pid_t child : children) {
    if (::getpgid(child) == child) launched(child);
  }
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
  remain_ = whose == Whose::everybody && known.empty() && ::getpid() != 1 && has_children();
  const auto strays = [&] {
    std::vector<pid_t> found = own_children();
    std::erase_if(found, [&](pid_t child) {
      return is_among(known, child) || leaders_.count(child) != 0 || has_ended(child) ||
             !is_stray(child, whose);
    });
    remain_ = remain_ || !found.empty();
    std::erase_if(found, [&](pid_t child) { return killed_.count(child) != 0; });
    return found;
  };
  auto killed = kill_families(strays);
  if (!remain_) killed_.clear();
  for (const Stray& stray : killed) killed_.insert(stray.pid);
  return killed;
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
