#include "master/orphans.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/daemon/contract.h"

namespace postern::master {

namespace {

constexpr std::size_t kMostEnvironment = 1 << 20;

// As master gives it to each child; of programs that a child runs too.
bool is_of(const std::string& environment, const std::string& directory) {
  const auto variables = split_fields(environment, '\0');
  const std::string configuration = concat(daemon::kConfigVariable, "=", directory);
  const std::string slot = concat(daemon::kSlotVariable, "=");
  const auto is_slot = [&](std::string_view variable) { return variable.starts_with(slot); };
  return std::find(variables.begin(), variables.end(), configuration) != variables.end() &&
         std::any_of(variables.begin(), variables.end(), is_slot);
}

bool is_of(pid_t pid, const std::string& directory) {
  const auto environment = read_file(concat("/proc/", pid, "/environ"), kMostEnvironment);
  return environment && is_of(*environment, directory);
}

}  // namespace

Orphans Orphans::find(const std::string& directory) {
  Orphans orphans;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const auto pid = parse_number(entry.path().filename().string());
    if (!pid || *pid == ::getpid() || !is_of(static_cast<pid_t>(*pid), directory)) continue;
    auto process = control::Process::open(static_cast<pid_t>(*pid));
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
