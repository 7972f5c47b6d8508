// The decisions of master, as pure functions: what a reload changes, and when a service gets a process.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "master/service.h"

namespace postern::master {

// What becomes of a service when the configuration changes.
enum class Change {
  keep,    // nothing
  adjust,  // its limit or wakeup time: no process need notice
  renew,   // its processes leave when the work in hand is done, and new ones come
  add,
  remove,
};

// Whose processes a change renews.
enum class Renew {
  changed,  // those of services that are not what they were
  all,      // because main.cf, the log or the programs are not what they were
};

struct Step {
  Change change = Change::keep;
  std::size_t before = 0;  // index among the running ones; of no meaning for add
  std::size_t after = 0;   // index among the wanted ones; of no meaning for remove
};

// One step for each service, running or wanted.
std::vector<Step> plan_reload(const std::vector<Service>& running, const std::vector<Service>& wanted,
                              Renew renew);

// How a service stands.
struct Standing {
  unsigned current = 0;    // processes of this generation
  unsigned leaving = 0;    // processes that finish what is in hand
  unsigned available = 0;  // of the current ones those that take connections, or are about to start
  bool throttled = false;
  bool stopping = false;
};

// True when the next client of the service should get a new process: until then its sockets are watched.
bool may_start(const Service& service, const Standing& standing);

// True when nobody is available and nobody may be started.
bool is_saturated(const Service& service, const Standing& standing);

// How a process ended, and what it had done before.
struct Ending {
  bool was_available = false;  // it had told that it is ready
  bool was_told = false;       // we had asked it to leave
  bool said_leaving = false;   // it had told that it takes no more connections
  bool has_served = false;     // a connection, or more
  bool clean = false;          // exit status 0
  Duration lived{};
};

enum class Verdict {
  fine,
  bad_start,  // it did not even start
  useless,    // it started, and ended in no time without a client
};

// What the end of a process says about its program: after bad_start and useless the service must wait.
Verdict judge(const Ending& ending);

// True when the process shows that its program works: then the service need not wait the next time.
bool is_proof(const Ending& ending);

}  // namespace postern::master
