#include "commands/postern/check.h"

#include <netdb.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "commands/postern/folded.h"
#include "commands/postern/place.h"
#include "lib/base/text.h"
#include "lib/config/all_params.h"
#include "lib/config/expand.h"
#include "lib/config/master_cf.h"
#include "lib/config/ports.h"
#include "lib/table/address_lists.h"
#include "lib/table/resolve.h"

namespace postern::commands {

namespace {

using config::Service;
using config::SocketType;

class Check {
 public:
  Check(std::string directory, Findings& findings) : directory_(std::move(directory)), findings_(findings) {}

  void run() {
    auto settings = config::Settings::load(directory_);
    if (settings) {
      check_parameters(*settings);
    } else {
      findings_.errors.push_back(settings.error().text);
    }
    const auto master = config::MasterCf::read(concat(directory_, "/master.cf"));
    if (!master) findings_.errors.push_back(master.error().text);
    if (!settings || !master) return;
    add(findings_.warnings, master->warnings());
    for (const Service& service : master->in_force()) {
      place_ = concat(master->path(), ", line ", service.line, ": service ", service.name, ": ");
      check_service(*settings, service);
    }
    check_names(*settings, *master);
    check_address_lists(*settings);
    check_tables(*settings);
    check_files(directory_, *settings, findings_);
  }

 private:
  static void add(std::vector<std::string>& to, const std::vector<std::string>& from) {
    to.insert(to.end(), from.begin(), from.end());
  }

  // All that are wrong, not only the first; with the line, if main.cf has it.
  void check_parameters(const config::Settings& settings) {
    const auto& file = settings.main_cf();
    add(findings_.warnings, file.warnings());
    for (config::ParamBase* param : params_.params()) {
      const auto* entry = file.find(param->name());
      const auto loaded = param->load(settings);
      const std::string place = entry == nullptr ? concat(file.path(), ": ") : line_of(file, *entry);
      if (!loaded) findings_.errors.push_back(place + loaded.error().text);
      if (loaded && entry != nullptr && param->spec().effect == config::Effect::not_yet) {
        findings_.notes.push_back(concat(place, param->name(), " has no effect in this version"));
      }
    }
  }

  void check_address_lists(const config::Settings& settings) {
    const auto& file = settings.main_cf();
    for (const auto name : table::kAddressLists) {
      const auto* entry = file.find(name);
      const auto checked = table::check_address_list(settings, name);
      const std::string place = entry == nullptr ? concat(file.path(), ": ") : line_of(file, *entry);
      if (!checked) findings_.errors.push_back(place + checked.error().text);
    }
  }

  static std::string line_of(const config::MainCf& file, const config::Entry& entry) {
    return concat(file.path(), ", line ", entry.line, ": ");
  }

  void check_service(const config::Settings& settings, const Service& service) {
    check_program(settings, service);
    if (service.type == SocketType::fifo) error("type fifo is not supported: write unix");
    if (service.type == SocketType::inet) {
      if (service.private_) error("an inet service cannot be private: write n in the third field");
      check_endpoint(service.name);
    }
    if (service.command == "qmgr" && service.process_limit != 1) {
      error("qmgr owns the queue alone: write 1 as its process limit");
    }
    check_overrides(settings, service);
  }

  void check_endpoint(const std::string& name) {
    const auto endpoint = config::parse_endpoint(name);
    if (!endpoint) return error(endpoint.error().text);
    const auto port = config::port_number(endpoint->port);
    if (!port) error(port.error().text);
    if (endpoint->host.empty()) return;
    addrinfo* found = nullptr;
    const int problem = ::getaddrinfo(endpoint->host.c_str(), nullptr, nullptr, &found);
    if (problem != 0) return error(concat("host not found: ", endpoint->host, ": ", ::gai_strerror(problem)));
    ::freeaddrinfo(found);
  }

  void check_program(const config::Settings& settings, const Service& service) {
    if (const auto into = folded_into(service.command)) {
      findings_.notes.push_back(concat(place_, "program ", service.command, " is not needed: ", *into));
      return;
    }
    const auto directory = service_directory(settings);
    if (!directory) return;  // reported as a parameter already
    const std::string path = concat(*directory, "/", service.command);
    if (::access(path.c_str(), X_OK) == 0) return;
    if (is_known_program(service.command)) {
      findings_.notes.push_back(concat(place_, "not started: program ", path, " is not there"));
    } else {
      findings_.warnings.push_back(concat(place_, "not started: no program ", path));
    }
  }

  void check_overrides(const config::Settings& settings, const Service& service) {
    config::Settings own = settings;
    own.override("service_name", service.name);
    for (const auto& [name, value] : service.overrides) own.override(name, value);
    for (const auto& [name, value] : service.overrides) {
      used_.insert(name);
      config::ParamBase* param = params_.find(name);
      const auto loaded = param == nullptr ? Result<void>() : param->load(own);
      if (!loaded) error(concat("-o ", loaded.error().text));
    }
  }

  // Opens what mail is routed by, as services do at their start.
  void check_tables(const config::Settings& settings) {
    if (!findings_.errors.empty()) return;  // they are the reason why it could not be opened
    const auto resolver = table::Resolver::open(settings);
    if (!resolver) findings_.errors.push_back(concat(directory_, "/main.cf: ", resolver.error().text));
  }

  // A name in main.cf that no program and no other value asks for.
  void check_names(const config::Settings& settings, const config::MasterCf& master) {
    const auto use = [this](std::string_view name) { used_.emplace(name); };
    for (const auto& entry : settings.main_cf().entries()) config::each_reference(entry.value, use);
    for (const Service& service : master.in_force()) {
      for (const auto& [name, value] : service.overrides) config::each_reference(value, use);
    }
    for (const auto& entry : settings.main_cf().entries()) {
      const bool per_transport = entry.name.find("_destination_") != std::string::npos;
      if (per_transport || used_.contains(entry.name) || params_.find(entry.name) != nullptr) continue;
      findings_.warnings.push_back(concat(line_of(settings.main_cf(), entry),
                                          "no program of this version reads ", entry.name, "=", entry.value));
    }
  }

  void error(std::string_view text) { findings_.errors.push_back(concat(place_, text)); }

  std::string directory_;
  Findings& findings_;
  std::string place_;
  config::AllParams params_;
  std::set<std::string, std::less<>> used_;
};

}  // namespace

Findings check(const std::string& directory) {
  Findings findings;
  std::error_code error;
  const auto found = std::filesystem::canonical(directory, error);
  if (error) {
    findings.errors.push_back(concat("configuration directory ", directory, ": ", error.message()));
  } else {
    Check(found.string(), findings).run();
  }
  return findings;
}

}  // namespace postern::commands
