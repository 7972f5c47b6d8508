// The configuration that is judged, as each part of the judgement sees it, and where its findings go.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "lib/check/check.h"
#include "lib/config/all_params.h"
#include "lib/config/catalog.h"
#include "lib/config/likely.h"
#include "lib/config/master_cf.h"
#include "lib/config/settings.h"

namespace postern::check {

// A value that somebody set: in main.cf, or with -o in an entry of master.cf.
struct Setting {
  std::string_view name, value;              // as written
  std::size_t line = 0;                      // in main.cf
  const config::Service* service = nullptr;  // null in main.cf
  std::size_t which = 0;                     // of service->overrides
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <class T>
using ByName = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;
using Names = std::unordered_set<std::string, TextHash, std::equal_to<>>;

class Configuration {
 public:
  // The two live as long as this.
  Configuration(const config::Settings& settings, const config::MasterCf& master,
                std::vector<Finding>& findings);

  // Where main.cf and master.cf are.
  std::string directory() const { return settings_.value("config_directory").value_or(""); }
  const config::Settings& settings() const { return settings_; }
  const config::MasterCf& master() const { return master_; }
  const config::Catalog& catalog();
  // The entries in force that are not disabled, in the order of the file.
  const std::vector<config::Service>& services() const& { return services_; }
  std::vector<config::Service> services() && { return std::move(services_); }
  // What main.cf sets, each name once, in the order of the file.
  const std::vector<Setting>& settings_of_main() const { return set_; }
  // Null when main.cf does not set it.
  const Setting* find_setting(std::string_view name) const;
  // A parameter that is declared; null for another name. There is one of each: the last load counts.
  config::ParamBase* find_param(std::string_view name);
  std::vector<config::ParamBase*> params() { return params_.params(); }
  // True when nobody but screen reads the parameter.
  bool is_of_screen(std::string_view name);

  // The UNIX sockets of that name. Empty when there is no such service.
  const std::vector<const config::Service*>& local_services(std::string_view name) const;
  bool is_disabled(std::string_view name) const { return disabled_.contains(name); }
  // ": did you mean NAME?" for a service, a parameter; or nothing. For many names only the first are looked for.
  const std::string& likely_service(std::string_view name);
  const std::string& likely_parameter(std::string_view name);

  void add(Finding finding) { findings_.push_back(std::move(finding)); }
  // About a parameter of main.cf, at its line if it is set there.
  void about_parameter(Severity severity, std::string_view name, std::string text);
  // About an entry of master.cf, "service NAME: text".
  void about_service(Severity severity, const config::Service& service, std::string_view text);
  // About a value, at its own line; with -o "service NAME: -o text".
  void about(Severity severity, const Setting& setting, std::string text);
  bool has_error() const { return check::has_error(findings_); }

 private:
  const config::Settings& settings_;
  const config::MasterCf& master_;
  std::vector<config::Service> services_;
  std::vector<Setting> set_;
  ByName<std::size_t> set_by_name_;
  ByName<std::vector<const config::Service*>> local_;
  Names disabled_;
  std::optional<config::Catalog> catalog_;  // made when it is asked for
  config::AllParams params_;
  ByName<config::ParamBase*> params_by_name_;
  ByName<std::string> likely_services_, likely_parameters_;
  std::vector<Finding>& findings_;
};

// The parts of the judgement.
// Types, bounds, expansion, undefined $names and comments; main.cf as a whole, then a setting with the
// settings of its service. False when the value is so bad that nothing more can be said of it.
void check_defaults(Configuration& configuration);
// What its parameter says about the value alone; false when that is an error.
bool check_accepted(Configuration& configuration, const Setting& setting, const config::Settings& settings);
bool check_value(Configuration& configuration, const Setting& setting, const config::Settings& settings);
// Names that nothing reads.
void check_names(Configuration& configuration);
// Programs and sockets of the entries of master.cf; two services with one address.
void check_services(Configuration& configuration);
void check_endpoints(Configuration& configuration);
// The commands of spawn services: what they are, whom they run as, and how long.
void check_commands(Configuration& configuration);
// Transports and services that a value names, and those that the defaults name.
void check_reference(Configuration& configuration, const Setting& setting, const config::Settings& settings);
void check_standard_references(Configuration& configuration);
// A word that names a socket below the queue directory, "unix:private/policy".
void check_socket(Configuration& configuration, const Setting& setting, std::string_view word);
// Restriction lists and tables.
void check_restrictions(Configuration& configuration, const Setting& setting,
                        const config::Settings& settings);
void check_tables(Configuration& configuration, const Setting& setting, const config::Settings& settings);
// One table, type:name; unknown types are found only where nothing but a table can stand.
void check_table(Configuration& configuration, const Setting& setting, std::string_view word,
                 Severity severity, bool only_tables);
// True when the value of that parameter is a list of words, in which a comment has no place.
bool takes_words(Configuration& configuration, std::string_view name);
// Files that a parameter of TLS names.
void check_certificates(Configuration& configuration, const Setting& setting,
                        const config::Settings& settings);
// mail_owner and setgid_group, which only root uses. The id of the owner; nothing if there is none.
std::optional<uid_t> check_users(Configuration& configuration);
// Owners and modes.
void check_files(Configuration& configuration);

}  // namespace postern::check
