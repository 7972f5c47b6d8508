#include "master/orphans.h"

#include <signal.h>
#include <unistd.h>

#include "lib/base/family.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/daemon/contract.h"

namespace postern::master {

namespace {

// Its environment is that which master gives to each child; of programs that a child runs too.
bool is_of(pid_t pid, const std::string& directory) {
  return variable_of(pid, daemon::kConfigVariable) == directory && variable_of(pid, daemon::kSlotVariable);
}

}  // namespace

Orphans Orphans::find(const std::string& directory) {
  Orphans orphans;
  for (const pid_t pid : all_processes()) {
    if (pid == ::getpid() || !is_of(pid, directory)) continue;
    auto process = control::Process::open(pid);
    // Looked at once more: what we hold is not one that got the number since.
    if (process && is_of(process->pid(), directory)) orphans.processes_.push_back(std::move(*process));
  }
  return orphans;
}

void Orphans::ask_to_end() const {
  for (const auto& process : processes_) {
    for (const int number : {SIGTERM, SIGCONT}) (void)process.send_signal(number);
  }
}

void Orphans::kill() const {
  for (const auto& process : processes_) {
    if (process.ends_within(Duration::zero())) continue;
    log_warning(
        concat("process ", process.pid(), ", which a master before this one started, does not end: killed"));
    (void)process.send_signal(SIGKILL);
  }
}

}  // namespace postern::master
