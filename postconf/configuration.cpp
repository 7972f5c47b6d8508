#include "postconf/configuration.h"

#include <unistd.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/config/expand.h"
#include "lib/config/main_cf.h"
#include "lib/config/master_cf.h"
#include "postconf/pattern.h"

namespace postern::postconf {

namespace {

constexpr std::string_view kComputed[] = {"mail_owner", "mydomain", "myhostname", "mynetworks"};

bool is_computed(std::string_view name) {
  return std::find(std::begin(kComputed), std::end(kComputed), name) != std::end(kComputed);
}

// Whether every name that has a meaning may be shown.
bool lists_all(const Request& request) {
  if (request.effective) return true;
  if (request.step().space != Space::main || request.set_only) return false;
  const auto& words = request.step().words;
  return words.empty() ||
         std::any_of(words.begin(), words.end(), [](const auto& word) { return Glob(word).is_wild(); });
}

}  // namespace

Result<Configuration> Configuration::read(const Request& request, Output& output) {
  config::MainCf main;
  if (!request.defaults) {
    auto parsed = config::MainCf::read(concat(request.directory, "/main.cf"));
    if (!parsed) return fail(parsed.error());
    main = std::move(*parsed);
  }
  config::Pairs overrides;
  if (!request.defaults) overrides = request.overrides;
  Configuration read(
      config::Settings(std::move(main), std::move(overrides), config::HostFacts::of_this_host()));
  read.directory_ = request.directory;
  read.facts_ = {
      {"process_id", std::to_string(::getpid())}, {"process_name", "postconf"}, {"service_name", ""}};
  read.note_settings(request, output);
  if (auto done = read.read_services(request, output); !done) return fail(done.error());
  read.catalog_.add_services(read.services());
  if (!request.defaults)
    find_user_names(read.set_, read.overrides_, read.directory_, read.expander(), read.catalog_, output);
  if (lists_all(request)) read.catalog_.list_services();
  return read;
}

void Configuration::note_settings(const Request& request, Output& output) {
  if (request.defaults) return;
  const auto& main = settings_.main_cf();
  const bool names_itself = main.find("config_directory") != nullptr;
  for (const auto& entry : main.entries()) {
    if (request.directory_named && entry.name == "config_directory" && !set_.contains(entry.name)) {
      output.warn(concat(main.path(), ", line ", entry.line,
                         ": overriding earlier entry: config_directory=", request.directory));
    }
    set_.insert_or_assign(entry.name, entry.value);
  }
  for (const auto& warning : main.warnings()) output.warn(warning);
  if (request.directory_named && !names_itself) {
    set_.insert_or_assign("config_directory", request.directory);
    settings_.override("config_directory", request.directory);
  }
  for (const auto& [name, value] : request.overrides) set_.insert_or_assign(name, value);
  command_line_ = request.overrides;
}

Result<void> Configuration::read_services(const Request& request, Output& output) {
  auto master = config::MasterCf::read(concat(request.directory, "/master.cf"));
  if (master) {
    master_ = std::move(*master);
    overrides_ = overrides_of(services());
    return {};
  }
  const bool may_be_missing = request.step().space == Space::main && master.error().sys != 0;
  if (!may_be_missing) return fail(master.error());
  output.warn(master.error().text);
  return {};
}

const Values& Configuration::overrides(const config::Service& service) const {
  static const Values none;
  const auto found = overrides_.find({service.name, service.type});
  return found == overrides_.end() ? none : found->second;
}

Origin Configuration::origin(const std::string& name) const {
  const auto is_it = [&](const auto& one) { return one.first == name; };
  const auto& given = command_line_;
  if (std::any_of(given.begin(), given.end(), is_it)) return {"override"};
  if (!set_.contains(name)) return {"default"};
  const auto& main = settings_.main_cf();
  const auto* entry = main.find(name);
  return entry == nullptr ? Origin{"override"} : Origin{"file", main.path(), entry->line};
}

Origin Configuration::origin(const config::Service& service, std::string_view override_name) const {
  const auto& set = service.overrides;
  for (auto which = set.size(); which-- > 0;) {
    if (set[which].first == override_name) {
      return {"file", master_.path(), master_.line_of_override(service, which)};
    }
  }
  return {"file", master_.path(), service.line};
}

std::string Configuration::value(const std::string& name, const Known& known) const {
  if (known.read_only) {
    const auto fact = facts_.find(name);
    return fact == facts_.end() ? known.standard : fact->second;
  }
  if (const auto found = set_.find(name); found != set_.end()) return found->second;
  if (!is_computed(name)) return known.standard;
  const auto computed = settings_.value(name);
  return computed ? *computed : std::string();
}

Result<std::string> Configuration::expand(std::string_view text, const config::Service* service) const {
  const auto lookup = [&](std::string_view name) -> Result<std::optional<std::string>> {
    if (service != nullptr) {
      const auto& own = overrides(*service);
      if (const auto found = own.find(name); found != own.end()) return found->second;
      if (name == "service_name") return service->name;
      if (name == "process_name") return service->command;
    }
    if (const auto fact = facts_.find(name); fact != facts_.end()) return fact->second;
    auto found = settings_.raw(name);
    if (found) return found;
    const auto* known = catalog_.find(name);
    return known == nullptr ? std::optional<std::string>() : std::optional(known->standard);
  };
  return config::expand(text, lookup);
}

Expand Configuration::expander() const {
  return [this](const std::string& value, const config::Service* service) {
    auto expanded = expand(value, service);
    return expanded ? std::move(*expanded) : value;
  };
}

}  // namespace postern::postconf
