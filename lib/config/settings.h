// The configuration in force: name=value pairs, looked up in the overrides (-o), in main.cf, and among the
// built-in defaults, in this order. Values are stored as written; $names are expanded when a value is asked
// for.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/host_facts.h"
#include "lib/config/main_cf.h"
#include "lib/config/words.h"

namespace postern::config {

enum class Source { unknown, standard, main_cf, override };

class Settings {
 public:
  // Reads DIRECTORY/main.cf, which becomes config_directory. Fails as MainCf::read does.
  static Result<Settings> load(const std::string& directory, Pairs overrides = {},
                               const HostFacts& facts = HostFacts::of_this_host());

  // The same for a main.cf that was read already.
  static Settings of(MainCf main, const std::string& directory, Pairs overrides = {},
                     const HostFacts& facts = HostFacts::of_this_host());

  // For tests, and for whoever has the text already.
  explicit Settings(MainCf main, Pairs overrides = {}, const HostFacts& facts = {});

  // The value as written; nothing when no such name is set or built in. Of the overrides the last one wins.
  std::optional<std::string> raw(std::string_view name) const;
  // Expanded. Fails with not_found on an unknown name, otherwise as expand; the text names the parameter.
  Result<std::string> value(std::string_view name) const;
  // Expands $names in any text. Fails as config::expand does.
  Result<std::string> expand(std::string_view text) const;

  // Where the value comes from.
  Source source(std::string_view name) const;
  // As if `-o name=value` stood behind the other overrides.
  void override(const std::string& name, std::string value);

  // As if there had been none.
  void forget_overrides() { overrides_.clear(); }

  const MainCf& main_cf() const { return main_; }

 private:
  using Map = std::map<std::string, std::string, std::less<>>;

  void compute(const HostFacts& facts);
  void compute_owner(const HostFacts& facts);
  Result<std::string> compute_networks(const HostFacts& facts) const;
  Result<std::optional<std::string>> find(std::string_view name) const;

  MainCf main_;
  Map overrides_, set_;  // set_: what main.cf says
  // Defaults that depend on the host, or why there is none.
  std::map<std::string, Result<std::string>, std::less<>> computed_;
};

}  // namespace postern::config
