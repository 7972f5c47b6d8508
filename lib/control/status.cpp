#include "lib/control/status.h"

#include <algorithm>
#include <map>

#include "lib/base/time.h"

namespace postern::control {

namespace {

// The service on whose row the process stands; one more at the end when there is none.
class Services {
 public:
  explicit Services(std::vector<daemon::ServiceRow> rows) {
    for (daemon::ServiceRow& row : rows) {
      by_row_[row.row] = all_.size();
      all_.push_back({std::move(row.report)});
    }
  }

  ServiceStatus& of(const daemon::Row& process) {
    const auto row = by_row_.find(process.service_row);
    if (row != by_row_.end()) return all_[row->second];
    const auto [at, is_new] = by_name_.try_emplace({process.service, process.program}, all_.size());
    if (is_new) all_.push_back(without_row(process));
    return all_[at->second];
  }

  std::vector<ServiceStatus> take() { return std::move(all_); }

 private:
  static ServiceStatus without_row(const daemon::Row& process) {
    ServiceStatus service;
    service.report.name = process.service;
    service.report.program = process.program;
    service.has_row = false;
    return service;
  }

  std::vector<ServiceStatus> all_;
  std::map<std::uint32_t, std::size_t> by_row_;
  std::map<std::pair<std::string, std::string>, std::size_t> by_name_;
};

}  // namespace

std::uint64_t ProcessStatus::value(std::string_view name) const {
  const auto found = std::find_if(row.values.begin(), row.values.end(),
                                  [name](const auto& value) { return value.first == name; });
  return found == row.values.end() ? 0 : found->second;
}

std::uint64_t ServiceStatus::sessions() const {
  std::uint64_t sum = 0;
  for (const ProcessStatus& process : processes) sum += process.sessions();
  return sum;
}

std::uint64_t ServiceStatus::sessions_total() const {
  auto sum = static_cast<std::uint64_t>(report.sessions_before);
  for (const ProcessStatus& process : processes) sum += process.sessions_total();
  return sum;
}

SystemStatus status_of(const daemon::ScoreboardReader& board) {
  SystemStatus status;
  status.version = board.version();
  status.configuration = board.configuration();
  status.master = board.master();
  status.upgrades = board.upgrades();
  status.started = board.started();
  status.last_load = board.last_load().value_or(daemon::LoadReport{});
  Services services(board.services());
  std::vector<daemon::Row> processes = board.rows();
  status.now = wall_micros();
  for (daemon::Row& process : processes) {
    // A process writes its page itself, whatever it likes.
    process.started = std::clamp<std::int64_t>(process.started, 0, status.now);
    services.of(process).processes.push_back({std::move(process)});
  }
  status.services = services.take();
  return status;
}

Result<SystemStatus> look(const MailSystem& system) {
  const auto running = system.running_master();
  if (!running) return fail(running.error());
  const auto board = daemon::ScoreboardReader::open(system.scoreboard());
  if (!board) return fail(board.error());
  SystemStatus status = status_of(*board);
  for (ServiceStatus& service : status.services) {
    for (ProcessStatus& process : service.processes) {
      process.descriptors = descriptors_of(static_cast<pid_t>(process.row.pid));
    }
  }
  return status;
}

}  // namespace postern::control
