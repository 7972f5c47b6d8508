// What programs that are not ours leave behind. Such a program leads a process group of its own, which is killed when
// its leader has ended. What has left the group by then, by a session of its own, becomes our child when its parents
// have ended, because master is the reaper of all that is below it; there it is found.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>
#include <vector>

#include "lib/base/family.h"
#include "lib/base/result.h"

namespace postern::master {

using Stray = KilledProcess;

// Whom a search is for.
enum class Whose {
  // Those that a foreign program has left which runs no more. They carry a mark: in their environment the leader's
  // process id, and for the kernel no-new-privs, which nobody can take off. Others whom we reap, as process 1 of a
  // container or because a command of a delivery wants to go on alone, are left in peace.
  ended_programs,
  // Everybody who is our child and is not known: for the end. As process 1 like ended_programs, since the container
  // may have other work.
  everybody,
};

class Strays {
 public:
  // Makes us the parent of every orphan below us. Fails as prctl(2).
  static Result<void> adopt_orphans();
  // A child that has ended and that nobody has reaped yet, so that its number is still its own; 0 when there is none.
  static pid_t next_ended();

  // A foreign program was started, as leader of its group.
  void launched(pid_t leader);
  // Children that were started before master became another program: who leads a group of its own is a foreign one.
  void resume(const std::vector<pid_t>& children);
  bool is_launched(pid_t child) const { return leaders_.count(child) != 0; }
  // A child has ended, and is not yet reaped: if it led a group, the group is killed.
  void ended(pid_t child);
  // Kills the strays among our children with all that is below them, and returns those that were not killed before.
  // `known` are the children that we want to have.
  std::vector<Stray> kill(const std::vector<pid_t>& known, Whose whose);
  // False when there never was a foreign program: then there is nothing to search for.
  bool are_possible() const { return ever_; }
  // True when the last search found one that had not ended.
  bool remain() const { return remain_; }

 private:
  bool is_stray(pid_t child, Whose whose) const;
  std::set<pid_t> leaders_;  // foreign programs that run
  std::set<pid_t> killed_;
  bool ever_ = false;
  bool remain_ = false;
};

// "killed 2 processes that were left behind: sleep (4711), sh (4712)".
std::string describe(const std::vector<Stray>& strays);

}  // namespace postern::master
