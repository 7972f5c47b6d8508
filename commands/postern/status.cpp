#include "commands/postern/status.h"

#include <cstdio>
#include <cstdlib>

#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/config/master_cf.h"
#include "lib/control/mail_system.h"

namespace postern::commands {

namespace {

using control::MailSystem;

// The services as master.cf lists them now. Processes of a service that is no more, or whose name stands
// there with another program, come behind them.
std::vector<ServiceStatus> services_of(const std::string& directory, std::vector<daemon::Row> rows) {
  std::vector<ServiceStatus> services;
  const auto file = config::MasterCf::read(concat(directory, "/master.cf"));
  if (file) {
    for (const auto& entry : file->in_force()) {
      services.push_back({entry.name, std::string(config::name_of(entry.type)), entry.command, {}});
    }
  }
  for (daemon::Row& row : rows) {
    auto at = services.begin();
    while (at != services.end() && (at->name != row.service || at->program != row.program)) ++at;
    if (at == services.end()) at = services.insert(at, {row.service, "", row.program, {}});
    at->processes.push_back(std::move(row));
  }
  return services;
}

Result<SystemStatus> look(const MailSystem& system) {
  const auto running = system.running_master();
  if (!running) return fail(running.error());
  const auto board = daemon::ScoreboardReader::open(system.scoreboard());
  if (!board) return fail(board.error());
  SystemStatus status;
  status.version = board->version();
  status.configuration = system.directory();
  status.master = board->master();
  status.started = board->started();
  status.now = wall_micros();
  status.last_load = board->last_load().value_or(daemon::LoadReport{});
  status.services = services_of(system.directory(), board->rows());
  return status;
}

Result<int> show_value(const SystemStatus& status, std::string_view query) {
  const auto value = status_value(status, query);
  if (!value) return fail(value.error());
  std::printf("%llu\n", static_cast<unsigned long long>(*value));
  return EXIT_SUCCESS;
}

}  // namespace

Result<int> status(const Arguments& arguments) {
  Words words(arguments.words);
  const bool json = words.flag("--json");
  const auto option = words.value("--value");
  if (!option) return fail(option.error());
  const auto rest = words.rest(option->has_value() ? 0 : 1);
  if (!rest) return fail(rest.error());
  const auto system = MailSystem::open(arguments.directory);
  if (!system) return fail(system.error());
  const auto status = look(*system);
  if (!status) return fail(status.error());
  if (option->has_value()) return show_value(*status, **option);
  if (!rest->empty()) return show_value(*status, rest->front());
  const std::string text = json ? status_json(*status) : status_text(*status);
  std::fputs(text.c_str(), stdout);
  return EXIT_SUCCESS;
}

}  // namespace postern::commands
