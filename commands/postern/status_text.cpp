#include "commands/postern/status_text.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/control/rights.h"

namespace postern::commands {

namespace {

using control::ProcessStatus;
using control::ServiceStatus;
using control::SystemStatus;

constexpr std::int64_t kSecond = 1'000'000;
// Wider columns are not lined up: one long name should not push all others to the right.
constexpr std::size_t kWidestColumn = 24;
// Of a process, in one line.
constexpr std::size_t kMostNumbers = 12;

std::string two_digits(std::int64_t number) { return concat(number < 10 ? "0" : "", number); }

std::string count_of(std::uint64_t number, std::string_view what) {
  return concat(number, " ", what, number == 1 ? "" : "s");
}

std::string sessions(std::uint64_t now, std::uint64_t total, const std::optional<double>& rate) {
  return concat(now, "/", total, " sessions", rate ? concat("  ", format_rate(*rate)) : "");
}

// A service as words, before it is lined up with the others.
struct Cells {
  std::string name, type, addresses, program;
};

Cells cells_of(const ServiceStatus& service) {
  const daemon::ServiceReport& report = service.report;
  return {printable(report.name), printable(report.type), printable(report.addresses),
          printable(report.program)};
}

class Tree {
 public:
  Tree(const SystemStatus& status, const Rates* rates) : status_(status), rates_(rates) {}

  std::vector<Line> lines() {
    add("", "  ", system_line());
    if (status_.reload_failed()) {
      add("", "  ",
          styled(Style::bad, concat("the last reload failed ", age(status_.last_load.ended),
                                    " ago: ", printable(status_.last_load.reason))));
    }
    measure();
    for (const ServiceStatus& service : status_.services) add(service);
    return std::move(lines_);
  }

 private:
  void add(std::string guide, std::string under, std::string text) {
    lines_.push_back({std::move(guide), std::move(under), std::move(text)});
  }

  std::string age(std::int64_t since) const { return format_age(status_.now - since); }
  // What is left, where a second that has begun counts.
  std::string rest(std::int64_t until) const { return format_age(until - status_.now + kSecond - 1); }

  std::string system_line() const {
    return concat(styled(Style::strong, concat("Postern ", printable(status_.version))), ", process ",
                  status_.master, ", up ", age(status_.started), ", ", printable(status_.configuration),
                  ", generation ", status_.last_load.generation);
  }

  void measure() {
    const auto widen = [](std::size_t& width, const std::string& cell) {
      const std::size_t columns = columns_of(cell);
      if (columns <= kWidestColumn) width = std::max(width, columns);
    };
    for (const ServiceStatus& service : status_.services) {
      const Cells cells = cells_of(service);
      widen(name_, cells.name);
      widen(type_, cells.type);
      widen(addresses_, cells.addresses);
      widen(program_, cells.program);
    }
  }

  void add(const ServiceStatus& service) {
    const bool is_last = &service == &status_.services.back();
    const bool has_more = !service.processes.empty();
    const std::string below = is_last ? "   " : "│  ";
    const std::string under = below + (has_more ? "│    " : "     ");
    add(is_last ? "└─ " : "├─ ", under, service_line(service));
    for (std::string& note : notes_of(service))
      add(below + (has_more ? "│  " : "   "), under, std::move(note));
    for (const ProcessStatus& process : service.processes) {
      const bool last = &process == &service.processes.back();
      add(below + (last ? "└─ " : "├─ "), below + (last ? "     " : "│    "), process_line(process));
    }
  }

  std::string service_line(const ServiceStatus& service) const {
    const Cells cells = cells_of(service);
    const daemon::ServiceReport& report = service.report;
    std::string line =
        concat(styled(Style::strong, padded(cells.name, name_)), " ", padded(cells.type, type_), " ",
               padded(cells.addresses, addresses_), " ", padded(cells.program, program_));
    if (is_idle_by_nature(report) && service.processes.empty()) return line;
    const std::size_t count = service.processes.size();
    const std::string processes = report.process_limit > 0
                                      ? concat(count, "/", report.process_limit, " processes")
                                      : concat(count, count == 1 ? " process" : " processes");
    const auto rate = rates_ == nullptr ? std::nullopt : rates_->of(service);
    return concat(line, "  ", processes, "  ", sessions(service.sessions(), service.sessions_total(), rate));
  }

  static bool is_idle_by_nature(const daemon::ServiceReport& report) {
    return report.state == name_of(daemon::ServiceState::folded) ||
           report.state == name_of(daemon::ServiceState::not_installed);
  }

  std::vector<std::string> notes_of(const ServiceStatus& service) const {
    const daemon::ServiceReport& report = service.report;
    const std::string why = report.why.empty() ? "" : ": " + printable(report.why);
    const auto is = [&report](daemon::ServiceState state) { return report.state == name_of(state); };
    std::vector<std::string> notes;
    if (is(daemon::ServiceState::throttled)) {
      notes.push_back(
          styled(Style::bad, concat("throttled for another ", rest(report.throttled_until), why)));
    }
    if (is(daemon::ServiceState::leaving)) {
      notes.push_back(styled(Style::warning, concat("leaving: finishes what it has in hand", why)));
    }
    if (is(daemon::ServiceState::folded)) notes.push_back(styled(Style::faint, "folded" + why));
    if (is(daemon::ServiceState::not_installed))
      notes.push_back(styled(Style::warning, "not installed" + why));
    if (report.stressed_until > status_.now) {
      notes.push_back(
          styled(Style::warning, concat("under stress for another ", rest(report.stressed_until))));
    }
    if (report.last_failure_at > 0) {
      notes.push_back(failures(report));
    } else if (!report.last_failure.empty()) {
      notes.push_back(styled(Style::warning, concat("cannot run: ", printable(report.last_failure))));
    }
    return notes;
  }

  std::string failures(const daemon::ServiceReport& report) const {
    return styled(Style::warning,
                  concat(count_of(static_cast<std::uint64_t>(report.failures), "failure"), " in ",
                         count_of(static_cast<std::uint64_t>(report.started), "start"), ", the last ",
                         age(report.last_failure_at), " ago: ", printable(report.last_failure)));
  }

  static std::string state_of(const daemon::Row& row) {
    const std::string_view name = daemon::name_of(row.state);
    if (row.state == daemon::State::available) return styled(Style::good, name);
    return row.state == daemon::State::busy ? styled(Style::warning, name) : std::string(name);
  }

  std::string process_line(const ProcessStatus& process) const {
    const daemon::Row& row = process.row;
    const auto rate = rates_ == nullptr ? std::nullopt : rates_->of(process);
    std::string line = concat(row.pid, " ", state_of(row), " ", age(row.started), "  ",
                              sessions(process.sessions(), process.sessions_total(), rate));
    const std::string rights = control::rights_of(row);
    if (!rights.empty()) line += concat("  (", styled(Style::faint, rights), ")");
    if (row.state == daemon::State::leaving) line += concat("  generation ", row.generation);
    if (process.descriptors && process.descriptors->is_near_limit()) {
      line += "  " + styled(Style::bad, concat("descriptors ", process.descriptors->open, "/",
                                               process.descriptors->limit, ", near its limit"));
    }
    return line + numbers(row);
  }

  // The first ones are those that matter most; a program may have many.
  static std::string numbers(const daemon::Row& row) {
    std::string text;
    std::size_t shown = 0;
    for (const auto& [name, number] : row.values) {
      const bool is_told = name == "sessions" || name == "connections" || control::is_of_rights(name);
      if (number == 0 || is_told) continue;
      if (++shown <= kMostNumbers) text += concat("  ", printable(name), "=", number);
    }
    if (shown > kMostNumbers) {
      text += "  " + styled(Style::faint, concat("and ", shown - kMostNumbers, " more with --json"));
    }
    return text;
  }

  const SystemStatus& status_;
  const Rates* rates_;
  std::vector<Line> lines_;
  std::size_t name_ = 0, type_ = 0, addresses_ = 0, program_ = 0;
};

}  // namespace

std::string format_age(std::int64_t micros) {
  const std::int64_t s = std::max<std::int64_t>(micros, 0) / kSecond;
  if (s < 60) return concat(s, "s");
  if (s < 3600) return concat(s / 60, "m", two_digits(s % 60), "s");
  if (s < 86400) return concat(s / 3600, "h", two_digits(s / 60 % 60), "m");
  return concat(s / 86400, "d", s / 3600 % 24, "h");
}

std::vector<Line> status_lines(const SystemStatus& status, const Rates* rates) {
  return Tree(status, rates).lines();
}

std::string status_text(const SystemStatus& status, const Canvas& canvas, const Rates* rates) {
  std::string text;
  for (const std::string& line : laid_out(status_lines(status, rates), canvas)) text += line + "\n";
  return text;
}

}  // namespace postern::commands
