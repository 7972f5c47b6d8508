#include "commands/postern/rates.h"

#include <cmath>

#include "lib/base/text.h"

namespace postern::commands {

namespace {

std::string key_of(const control::ServiceStatus& service) {
  return concat(service.report.name, "/", service.report.type, "/", service.report.program);
}

// Nobody else starts at the same time with that id.
std::string key_of(const control::ProcessStatus& process) {
  return concat(process.row.pid, "@", process.row.started);
}

}  // namespace

void Rates::look(const control::SystemStatus& status) {
  before_ = std::move(now_);
  now_ = {status.now, status.started, {}};
  for (const control::ServiceStatus& service : status.services) {
    now_.totals[key_of(service)] = service.sessions_total();
    for (const control::ProcessStatus& process : service.processes) {
      now_.totals[key_of(process)] = process.sessions_total();
    }
  }
}

std::optional<double> Rates::of(const control::ServiceStatus& service) const {
  return rate(key_of(service), service.sessions_total());
}

std::optional<double> Rates::of(const control::ProcessStatus& process) const {
  return rate(key_of(process), process.sessions_total());
}

std::optional<double> Rates::rate(const std::string& key, std::uint64_t total) const {
  const auto found = before_.totals.find(key);
  const bool is_same_run = before_.at > 0 && before_.master_started == now_.master_started;
  if (!is_same_run || now_.at <= before_.at || found == before_.totals.end()) return std::nullopt;
  // Between the end of a process and master's word on its sessions there are fewer.
  const std::uint64_t served = total > found->second ? total - found->second : 0;
  return static_cast<double>(served) * 1e6 / static_cast<double>(now_.at - before_.at);
}

std::string format_rate(double rate) {
  const auto tenths = std::llround(rate * 10);
  if (tenths < 100) return concat(tenths / 10, ".", tenths % 10, "/s");
  return concat(std::llround(rate), "/s");
}

}  // namespace postern::commands
