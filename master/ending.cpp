// The part of the supervisor that ends all processes, and itself.
#include <signal.h>
#include <unistd.h>

#include "lib/base/family.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/net/wait.h"
#include "master/supervisor.h"

namespace postern::master {

namespace {

// For the end of processes that were killed, and how often they are looked for meanwhile.
constexpr Duration kStrayLimit = seconds(5);
constexpr Duration kStrayPause = milliseconds(20);

}  // namespace

void Supervisor::stop() {
  if (stopping_) return;
  stopping_ = true;
  tasks_.spawn(stop_in_order());
}

net::Task<void> Supervisor::stop_in_order() {
  // Those that face the network first: what they have in hand needs the others.
  for (const Children which : {Children::that_face_the_network, Children::all}) {
    for (const auto& entry : entries_) {
      if (which == Children::all || entry->service().type == Type::inet) entry->stop_starting();
    }
    for (Child* child : children(which)) child->ask_to_leave();
    for (Child* child : children(which)) child->send_signal(SIGTERM);
    const Deadline limit = loop_.in(daemon::kStopLimit + seconds(1));
    while (!children(which).empty() && loop_.now() < limit) {
      const bool one_ended = co_await child_ended_.wait(limit);
      if (!one_ended) break;
    }
    for (Child* child : children(which)) {
      log_warning(concat("process ", child->pid(), " does not end: killed"));
      child->send_signal(SIGKILL);
    }
  }
  co_await end_with_the_last();
}

void Supervisor::abort() {
  stopping_ = true;
  tasks_.cancel();
  for (const auto& entry : entries_) entry->stop_starting();
  for (Child* child : children()) child->ask_to_leave();  // so that nobody wonders why it ended
  kill_below(::getpid());
  tasks_.spawn(end_with_the_last());
}

net::Task<void> Supervisor::end_with_the_last() {
  while (!children().empty()) {
    const bool one_ended = co_await child_ended_.wait(Deadline::max());  // SIGKILL ends every process
    if (!one_ended) continue;
  }
  for (const auto& entry : entries_) entry->retire({});
  const Deadline limit = loop_.in(kStrayLimit);
  end_strays(Whose::everybody);
  while (strays_.remain() && loop_.now() < limit) {
    const bool one_ended = co_await child_ended_.wait(std::min(limit, loop_.in(kStrayPause)));
    if (!one_ended) reap();
    end_strays(Whose::everybody);
  }
  loop_.stop();
}

void Supervisor::end_strays(Whose whose) {
  const auto strays = strays_.kill(known(), whose);
  if (!strays.empty()) log_warning(describe(strays));
}

}  // namespace postern::master
