#include "postconf/usage.h"

#include <functional>
#include <set>

#include "lib/base/text.h"
#include "lib/config/databases.h"
#include "lib/config/expand.h"
#include "lib/config/words.h"
#include "postconf/table_files.h"

namespace postern::postconf {

namespace {

using Names = std::set<std::string, std::less<>>;
using Use = std::function<void(std::string_view name)>;

// Every name that a setting refers to as $name, or as a class of restrictions. Names in raw parameters mean
// something later, which is not our affair.
void each_use(const Catalog& catalog, std::string_view name, const std::string& value, const Expand& expand,
              const config::Service* service, const Use& use) {
  if (const auto* known = catalog.find(name); known != nullptr && (known->raw || known->read_only)) return;
  if (name == "smtpd_restriction_classes") {
    const auto classes = expand(value, service);
    for (const auto word : split_words(classes)) use(word);
  }
  config::each_reference(value, use);
}

// What a parameter of ours says, expanded, if it may name tables.
std::string tables_in(const Catalog& catalog, std::string_view name, const std::string& value,
                      const Expand& expand, const config::Service* service) {
  const auto* known = catalog.find(name);
  const bool is_ours =
      known != nullptr && known->kind != config::NameClass::user && !known->raw && !known->read_only;
  if (!is_ours) return {};
  return value.find('$') == value.npos ? value : expand(value, service);
}

void warn_of_read_only(const std::string& directory, std::string_view file, std::string_view name,
                       std::string_view value, Output& output) {
  output.warn(concat(directory, "/", file, ": read-only parameter assignment: ", name, "=", value));
}

config::Service named(const Overrides::key_type& key) {
  config::Service service;
  service.name = key.first;
  service.type = key.second;
  return service;
}

}  // namespace

Overrides overrides_of(const std::vector<config::Service>& services) {
  Overrides all;
  for (const auto& service : services) {
    if (service.overrides.empty()) continue;
    auto& settings = all[{service.name, service.type}];
    for (const auto& [name, value] : service.overrides) settings.insert_or_assign(name, value);
  }
  return all;
}

void find_user_names(const Values& set, const Overrides& services, const std::string& directory,
                     const Expand& expand, Catalog& catalog, Output& output) {
  Names everywhere;  // set by -o in some service
  // A service's own setting comes before that of main.cf, which is not used then.
  const auto use_in = [&](const Names& own, std::string_view file, std::string_view name) {
    const bool in_main = set.contains(name);
    if (in_main && (&own == &everywhere || !own.contains(name))) catalog.add_user(name);
    if (in_main || own.contains(name) || catalog.find(name) != nullptr) return;
    output.remark(concat(directory, "/", file, ": undefined parameter: ", name));
  };
  for (const auto& [service, settings] : services) {
    const auto stub = named(service);
    const auto where = concat("master.cf:", stub.name, "/", config::name_of(stub.type));
    Names own;
    for (const auto& [name, value] : settings) own.insert(name);
    for (const auto& [name, value] : settings) {
      const auto* known = catalog.find(name);
      if (known != nullptr && known->read_only)
        warn_of_read_only(directory, "master.cf", name, value, output);
      each_use(catalog, name, value, expand, &stub,
               [&](std::string_view used) { use_in(own, "master.cf", used); });
      const auto tables = tables_in(catalog, name, value, expand, &stub);
      config::each_table_parameter(tables, [&](std::string_view used) {
        if (set.contains(used) && !own.contains(used)) catalog.add_user(used);
      });
      warn_of_tables(tables, where, output);
    }
    everywhere.merge(own);
  }
  for (const auto& [name, value] : set) {
    const auto* known = catalog.find(name);
    if (known != nullptr && known->read_only) {
      warn_of_read_only(directory, "main.cf", name, value, output);
    }
    each_use(catalog, name, value, expand, nullptr,
             [&](std::string_view used) { use_in(everywhere, "main.cf", used); });
    const auto tables = tables_in(catalog, name, value, expand, nullptr);
    config::each_table_parameter(tables, [&](std::string_view used) {
      if (set.contains(used)) catalog.add_user(used);
    });
    warn_of_tables(tables, "main.cf", output);
  }
}

void warn_of_unused(const Values& set, const std::string& directory, const Catalog& catalog, Output& output) {
  for (const auto& [name, value] : set) {
    if (catalog.find(name) != nullptr) continue;
    output.remark(concat(directory, "/main.cf: unused parameter: ", name, "=", value));
  }
}

void warn_of_unused_overrides(const Values& set, const Overrides& services, const std::string& directory,
                              const Expand& expand, const Catalog& catalog, Output& output) {
  Names used_by_main;
  for (const auto& [name, value] : set) {
    const auto use = [&](std::string_view used) { used_by_main.emplace(used); };
    each_use(catalog, name, value, expand, nullptr, use);
    config::each_table_parameter(tables_in(catalog, name, value, expand, nullptr), use);
  }
  for (const auto& [service, settings] : services) {
    const auto stub = named(service);
    Names used;
    for (const auto& [name, value] : settings) {
      each_use(catalog, name, value, expand, &stub, [&](std::string_view one) { used.emplace(one); });
      config::each_table_parameter(tables_in(catalog, name, value, expand, &stub),
                                   [&](std::string_view one) { used.emplace(one); });
    }
    for (const auto& [name, value] : settings) {
      if (used.contains(name) || used_by_main.contains(name) || catalog.find(name) != nullptr) continue;
      output.remark(concat(directory, "/master.cf: unused parameter: ", name, "=", value));
    }
  }
}

}  // namespace postern::postconf
