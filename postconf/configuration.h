// Both files as a query sees them, with the -o settings of the command line, and every name that they know.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/catalog.h"
#include "lib/config/master_cf.h"
#include "lib/config/service.h"
#include "lib/config/settings.h"
#include "postconf/arguments.h"
#include "postconf/output.h"
#include "postconf/usage.h"

namespace postern::postconf {

class Configuration {
 public:
  // Reads both files; master.cf may be missing when parameters of main.cf are asked for. Warns of values that
  // are overridden, never set or never used in a way that only the whole configuration tells (usage.h).
  static Result<Configuration> read(const Request& request, Output& output);

  const std::string& directory() const { return directory_; }
  // What main.cf and -o say, by name.
  const Values& set() const { return set_; }
  const std::vector<config::Service>& services() const { return master_.services(); }
  const Catalog& catalog() const { return catalog_; }
  const Overrides& all_overrides() const { return overrides_; }
  // The -o settings of a service; entries of one name and type share them, the last one wins.
  const Values& overrides(const config::Service& service) const;

  // The value in force of a known parameter, unexpanded.
  std::string value(const std::string& name, const Known& known) const;
  // Where it stands; of a service's own setting, in which of the lines of its entry.
  Origin origin(const std::string& name) const;
  Origin origin(const config::Service& service, std::string_view override_name) const;
  // Expands $names; of a service, with its own -o settings. Fails as config::expand does.
  Result<std::string> expand(std::string_view text, const config::Service* service = nullptr) const;
  // The same, where a mistake does not matter. Refers to this object.
  Expand expander() const;

 private:
  explicit Configuration(config::Settings settings) : settings_(std::move(settings)) {}
  Result<void> read_services(const Request& request, Output& output);
  void note_settings(const Request& request, Output& output);

  config::Settings settings_;
  std::string directory_;
  Values set_;
  config::Pairs command_line_;  // -o
  Values facts_;                // about this process: nobody sets them
  config::MasterCf master_;
  Overrides overrides_;
  Catalog catalog_;
};

}  // namespace postern::postconf
