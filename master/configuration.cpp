#include "master/configuration.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <tuple>
#include <unordered_map>

#include "lib/base/text.h"
#include "lib/check/check.h"
#include "lib/check/programs.h"
#include "lib/config/level.h"
#include "lib/config/master_cf.h"
#include "lib/config/place.h"
#include "master/endpoint.h"

namespace postern::master {

namespace {

// What a "-" stands for.
struct Defaults {
  bool chroot = false;
  int limit = 0;
};

// Before compatibility level 1 services were shut into the queue directory unless they said no.
Result<Defaults> defaults_of(const Configuration& configuration) {
  const auto order = config::compare_levels(*configuration.common.compatibility_level, "1");
  if (!order) return fail(order.error());
  return Defaults{*order < 0, *configuration.params.default_process_limit};
}

// The fields that need no look at the host.
Service fields_of(config::Service& entry, const Defaults& defaults) {
  Service service;
  service.name = std::move(entry.name);
  service.type = entry.type;
  service.is_private = entry.private_;
  service.unprivileged = entry.unprivileged;
  service.chroot = entry.is_default(config::Field::chroot) ? defaults.chroot : entry.chroot;
  service.wakeup = entry.wakeup;
  service.wakeup_if_used = entry.wakeup_if_used;
  service.limit = static_cast<unsigned>(entry.process_limit.value_or(defaults.limit));
  service.program = std::move(entry.command);
  service.arguments = std::move(entry.arguments);
  service.debug = entry.debug;
  service.line = entry.line;
  return service;
}

Result<std::vector<Address>> addresses_of(const Service& service, const Interfaces& interfaces) {
  if (service.type == Type::inet) return inet_addresses(service.name, interfaces);
  auto address = path_address(service.name, service.type, service.is_private);
  if (!address) return fail(address.error());
  return std::vector<Address>{std::move(*address)};
}

// The services of one configuration, as they come from the file.
class Reading {
 public:
  Reading(Configuration& configuration, std::string path, Defaults defaults, Interfaces interfaces)
      : configuration_(configuration),
        path_(std::move(path)),
        defaults_(defaults),
        interfaces_(std::move(interfaces)),
        programs_(*configuration.common.daemon_directory) {}

  Result<void> add(config::Service& entry) {
    const check::Program& program = programs_.find(entry.command);
    using check::Presence;
    if (program.presence == Presence::folded || program.presence == Presence::not_installed) {
      const auto state = program.presence == Presence::folded ? daemon::ServiceState::folded
                                                              : daemon::ServiceState::not_installed;
      configuration_.not_started.push_back({entry.name, std::string(config::name_of(entry.type)),
                                            entry.command, entry.line, state, program.why});
      return {};
    }
    Service service = fields_of(entry, defaults_);
    service.fault = program.why;
    auto addresses = addresses_of(service, interfaces_);
    if (!addresses) {
      return fail(Errc::invalid, concat(path_, ", line ", service.line, ": service ", service.name, ": ",
                                        addresses.error().text));
    }
    service.addresses = std::move(*addresses);
    put(std::move(service));
    return {};
  }

 private:
  // Two entries with one meaning ("smtp" and "25") would fight for the socket: the last one counts.
  void put(Service service) {
    auto& services = configuration_.services;
    const auto [known, is_new] = known_.try_emplace(service.identity(), services.size());
    if (is_new) {
      services.push_back(std::move(service));
    } else {
      services[known->second] = std::move(service);
    }
  }

  Configuration& configuration_;
  std::string path_;
  Defaults defaults_;
  Interfaces interfaces_;
  check::Programs programs_;
  std::unordered_map<std::string, std::size_t> known_;  // by their identity
};

// The first error of the judgement; what it warns of is kept.
Result<void> judge(Configuration& configuration, const std::vector<check::Finding>& findings) {
  for (const auto& finding : findings) {
    if (finding.severity == check::Severity::error) return fail(Errc::invalid, check::text_of(finding));
    if (finding.severity == check::Severity::warning) {
      configuration.warnings.push_back(check::text_of(finding));
    }
  }
  return {};
}

Result<void> add_services(Configuration& configuration, const std::string& path,
                          std::vector<config::Service> entries) {
  const auto interfaces =
      interfaces_from(*configuration.common.inet_interfaces, *configuration.common.inet_protocols);
  if (!interfaces) return fail(interfaces.error());
  auto numbers = in_numbers(*interfaces);
  if (!numbers) return fail(numbers.error());
  const auto defaults = defaults_of(configuration);
  if (!defaults) return fail(defaults.error());
  Reading reading(configuration, path, *defaults, std::move(*numbers));
  for (config::Service& entry : entries) {
    auto added = reading.add(entry);
    if (!added) return added;
  }
  return {};
}

Result<Fd> sealed_copy(std::string_view text) {
  Fd copy(::memfd_create("main.cf", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy) return fail_errno("keep a copy of main.cf", errno);
  auto written = write_all(copy.get(), text, "the copy of main.cf");
  if (!written) return fail(written.error());
  if (::fcntl(copy.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
    return fail_errno("seal the copy of main.cf", errno);
  }
  return copy;
}

// Programs that were not installed stand beside us, and those of Postfix are not ours.
void find_programs(config::Settings& settings) {
  const auto set = settings.value("daemon_directory");
  const bool is_ours = settings.source("daemon_directory") != config::Source::standard;
  if (is_ours && !(set && config::is_directory_of_postfix(*set))) return;
  settings.override("daemon_directory", config::own_directory());
}

Result<void> load_params(Configuration& configuration) {
  auto loaded = configuration.common.load(configuration.settings);
  if (loaded) loaded = configuration.params.load(configuration.settings);
  if (!loaded)
    return fail(Errc::invalid, concat(configuration.settings.main_cf().path(), ": ", loaded.error().text));
  return {};
}

}  // namespace

bool NotStarted::operator==(const NotStarted& other) const {
  return std::tie(name, type, program, why) == std::tie(other.name, other.type, other.program, other.why);
}

Result<std::unique_ptr<Configuration>> read_configuration(const std::string& directory,
                                                          const config::Texts& texts) {
  if (!texts.main_cf) return fail(texts.main_cf.error());
  auto main = config::MainCf::parse(*texts.main_cf, concat(directory, "/main.cf"));
  if (!main) return fail(main.error());
  auto settings = config::Settings::of(std::move(*main), directory);
  find_programs(settings);
  auto configuration = std::make_unique<Configuration>(std::move(settings));
  configuration->texts = texts;
  auto copy = sealed_copy(configuration->settings.main_cf().text());
  if (!copy) return fail(copy.error());
  configuration->main_cf = std::move(*copy);
  if (!texts.master_cf) return fail(texts.master_cf.error());
  const auto file = config::MasterCf::parse(*texts.master_cf, concat(directory, "/master.cf"));
  if (!file) return fail(file.error());
  for (const auto* warnings : {&configuration->settings.main_cf().warnings(), &file->warnings()}) {
    configuration->warnings.insert(configuration->warnings.end(), warnings->begin(), warnings->end());
  }
  auto start = check::check_start(configuration->settings, *file);
  auto done = judge(*configuration, start.findings);
  if (done) done = load_params(*configuration);
  if (done) done = add_services(*configuration, file->path(), std::move(start.services));
  if (!done) return fail(done.error());
  return configuration;
}

}  // namespace postern::master
