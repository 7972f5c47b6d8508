#include "master/configuration.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "lib/base/text.h"
#include "lib/config/all_params.h"
#include "lib/config/master_cf.h"
#include "lib/daemon/jail.h"
#include "lib/table/address_lists.h"
#include "master/endpoint.h"

namespace postern::master {

namespace {

// The fields that master.cf decides alone.
Service fields_of(const config::Service& entry, int default_limit) {
  Service service;
  service.name = entry.name;
  service.type = entry.type;
  service.is_private = entry.private_;
  service.unprivileged = entry.unprivileged;
  service.chroot = entry.chroot;
  service.wakeup = entry.wakeup;
  service.wakeup_if_used = entry.wakeup_if_used;
  service.limit = static_cast<unsigned>(entry.process_limit.value_or(default_limit));
  service.program = entry.command;
  service.arguments = entry.arguments;
  service.line = entry.line;
  return service;
}

Result<std::vector<Address>> addresses_of(const Service& service, const Interfaces& interfaces) {
  if (service.type == Type::inet) return inet_addresses(service.name, interfaces);
  auto address = path_address(service.name, service.type, service.is_private);
  if (!address) return fail(address.error());
  return std::vector<Address>{std::move(*address)};
}

// Two entries with one meaning ("smtp" and "25") would fight for the socket: the last one counts.
void add_service(Configuration& configuration, Service service) {
  for (Service& other : configuration.services) {
    if (other.identity() != service.identity()) continue;
    configuration.warnings.push_back(concat("duplicate master.cf entry for service \"", service.name, "\" (",
                                            config::name_of(service.type), ") -- using the last entry"));
    other = std::move(service);
    return;
  }
  configuration.services.push_back(std::move(service));
}

std::string place_of(const config::MainCf& file, std::string_view name) {
  const auto* entry = file.find(name);
  return concat(file.path(), entry == nullptr ? "" : concat(", line ", entry->line), ": ");
}

// Every value, not only those that we read: a service that cannot read its own would be down until somebody mends it.
Result<void> check_values(const config::Settings& settings) {
  const auto& file = settings.main_cf();
  config::AllParams all;
  for (config::ParamBase* param : all.params()) {
    const auto loaded = param->load(settings);
    if (!loaded) return fail(Errc::invalid, place_of(file, param->name()) + loaded.error().text);
  }
  for (const auto name : table::kAddressLists) {
    const auto checked = table::check_address_list(settings, name);
    if (!checked) return fail(Errc::invalid, place_of(file, name) + checked.error().text);
  }
  if (::geteuid() != 0) return {};
  const auto owner = daemon::find_identity(*all.common.mail_owner);
  if (!owner) return fail(Errc::invalid, place_of(file, "mail_owner") + "mail_owner: " + owner.error().text);
  return {};
}

Result<void> check_overrides(config::Settings settings, const config::Service& entry) {
  if (entry.overrides.empty()) return {};
  settings.override("service_name", entry.name);
  for (const auto& [name, value] : entry.overrides) settings.override(name, value);
  config::AllParams all;
  for (const auto& [name, value] : entry.overrides) {
    config::ParamBase* param = all.find(name);
    auto loaded = param == nullptr ? Result<void>() : param->load(settings);
    if (!loaded)
      return fail(loaded.error().kind, concat("service ", entry.name, ": -o ", loaded.error().text));
  }
  return {};
}

Result<void> add_services(Configuration& configuration, const config::MasterCf& file) {
  // More likely a file that is just being written than what somebody wants.
  if (file.in_force().empty()) return fail(Errc::invalid, concat(file.path(), ": no service"));
  const auto interfaces =
      interfaces_from(*configuration.common.inet_interfaces, *configuration.common.inet_protocols);
  if (!interfaces) return fail(interfaces.error());
  for (const config::Service& entry : file.in_force()) {
    if (config::is_disabled(entry.name, config::name_of(entry.type),
                            *configuration.params.master_service_disable))
      continue;
    Service service = fields_of(entry, *configuration.params.default_process_limit);
    const std::string path = concat(*configuration.common.daemon_directory, "/", service.program);
    if (::access(path.c_str(), X_OK) != 0) {
      configuration.missing.push_back(concat(service.name, " (", service.program, ")"));
      continue;
    }
    const std::string place = concat(file.path(), ", line ", entry.line, ": ");
    const auto checked = check_overrides(configuration.settings, entry);
    if (!checked) return fail(Errc::invalid, place + checked.error().text);
    auto addresses = addresses_of(service, *interfaces);
    if (!addresses) return fail(Errc::invalid, place + addresses.error().text);
    service.addresses = std::move(*addresses);
    add_service(configuration, std::move(service));
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

// Programs that were not installed stand beside us.
void find_programs(config::Settings& settings) {
  if (settings.source("daemon_directory") != config::Source::standard) return;
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) settings.override("daemon_directory", self.parent_path().string());
}

Result<void> load_params(Configuration& configuration) {
  auto loaded = configuration.common.load(configuration.settings);
  if (loaded) loaded = configuration.params.load(configuration.settings);
  if (!loaded)
    return fail(Errc::invalid, concat(configuration.settings.main_cf().path(), ": ", loaded.error().text));
  return {};
}

}  // namespace

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
  auto loaded = check_values(configuration->settings);
  if (loaded) loaded = load_params(*configuration);
  if (!loaded) return fail(loaded.error());
  if (!texts.master_cf) return fail(texts.master_cf.error());
  const auto file = config::MasterCf::parse(*texts.master_cf, concat(directory, "/master.cf"));
  if (!file) return fail(file.error());
  for (const auto* warnings : {&configuration->settings.main_cf().warnings(), &file->warnings()}) {
    configuration->warnings.insert(configuration->warnings.end(), warnings->begin(), warnings->end());
  }
  auto added = add_services(*configuration, *file);
  if (!added) return fail(added.error());
  return configuration;
}

std::vector<std::string> import_environment(const std::vector<std::string>& names) {
  std::vector<std::string> environment;
  for (const std::string& name : names) {
    if (name.find('=') != std::string::npos) {
      environment.push_back(name);
    } else if (const char* value = ::getenv(name.c_str())) {
      environment.push_back(concat(name, "=", value));
    }
  }
  return environment;
}

}  // namespace postern::master
