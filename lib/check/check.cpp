#include "lib/check/check.h"

#include <algorithm>
#include <filesystem>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/check/configuration.h"
#include "lib/check/parse.h"
#include "lib/config/lines.h"

namespace postern::check {

namespace {

void check_setting(Configuration& configuration, const Setting& setting, const config::Settings& settings) {
  if (!check_value(configuration, setting, settings)) return;
  check_restrictions(configuration, setting, settings);
  check_tables(configuration, setting, settings);
  check_reference(configuration, setting, settings);
  check_certificates(configuration, setting, settings);
}

// Each with the settings that its value is read with.
template <class Judge>
void each_of_main(Configuration& configuration, Judge judge) {
  for (const Setting& setting : configuration.settings_of_main()) {
    judge(configuration, setting, configuration.settings());
  }
}

template <class Judge>
void each_override(Configuration& configuration, Judge judge) {
  config::Settings own = configuration.settings();
  for (const auto& service : configuration.services()) {
    if (service.overrides.empty()) continue;
    own.forget_overrides();
    own.override("service_name", service.name);
    for (const auto& [name, value] : service.overrides) own.override(name, value);
    for (std::size_t i = 0; i < service.overrides.size(); ++i) {
      const auto& [name, value] = service.overrides[i];
      judge(configuration, {name, value, 0, &service, i}, own);
    }
  }
}

// Findings of one file stand together, in the order of its lines.
void sort(std::vector<Finding>& findings, const std::string& main_cf, const std::string& master_cf) {
  const auto place = [&](const Finding& finding) {
    const int file = finding.path == main_cf ? 0 : finding.path == master_cf ? 1 : 2;
    return std::pair(file, finding.line);
  };
  std::stable_sort(findings.begin(), findings.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
}

}  // namespace

Result<Subject> read_subject(const std::string& directory) {
  std::error_code error;
  Subject subject{std::filesystem::canonical(directory, error).string(), {}, {}};
  if (error) return fail_errno(concat("configuration directory ", directory), error.value());
  auto main = read_file(concat(subject.directory, "/main.cf"), config::kLongestFile);
  if (!main) return fail(main.error());
  auto master = read_file(concat(subject.directory, "/master.cf"), config::kLongestFile);
  if (!master) return fail(master.error());
  subject.main_cf = std::move(*main);
  subject.master_cf = std::move(*master);
  return subject;
}

std::vector<Finding> check(const Subject& subject) {
  std::vector<Finding> findings;
  const auto main_path = concat(subject.directory, "/main.cf");
  const auto master_path = concat(subject.directory, "/master.cf");
  auto main = parse_main(subject.main_cf, main_path, findings);
  auto master = parse_master(subject.master_cf, master_path, findings);
  if (main && master) {
    const auto settings = config::Settings::of(std::move(*main), subject.directory);
    Configuration configuration(settings, *master, findings);
    each_of_main(configuration, check_setting);
    check_defaults(configuration);
    each_override(configuration, check_setting);
    check_names(configuration);
    check_services(configuration);
    check_endpoints(configuration);
    check_commands(configuration);
    check_standard_references(configuration);
    check_files(configuration);
  }
  sort(findings, main_path, master_path);
  return findings;
}

Start check_start(const config::Settings& settings, const config::MasterCf& master) {
  Start start;
  Configuration configuration(settings, master, start.findings);
  each_of_main(configuration, check_accepted);
  check_defaults(configuration);
  if (!configuration.has_error()) check_users(configuration);
  each_override(configuration, check_accepted);
  check_services(configuration);
  check_endpoints(configuration);
  start.services = std::move(configuration).services();
  sort(start.findings, settings.main_cf().path(), master.path());
  return start;
}

bool has_error(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.severity == Severity::error; });
}

}  // namespace postern::check
