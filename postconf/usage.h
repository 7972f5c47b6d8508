// Which names of a configuration are used, and which are not: a name that is set may be a parameter, or a
// name of the administrator's own that some value refers to as $name; anything else is a mistake worth a
// word.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lib/config/catalog.h"
#include "lib/config/service.h"
#include "postconf/output.h"

namespace postern::postconf {

using config::Catalog;
using config::Known;

using Values = std::map<std::string, std::string, std::less<>>;
// The -o settings of each service that has any. Entries of one name and type share them, as in Postfix.
using Overrides = std::map<std::pair<std::string, config::SocketType>, Values>;

// The value with its $names replaced; of a service, with its own settings. As it is, if that cannot be done.
using Expand = std::function<std::string(const std::string& value, const config::Service* service)>;

Overrides overrides_of(const std::vector<config::Service>& services);

// Adds to the catalog the names in `set` (main.cf and -o) that something refers to: a value of either file,
// smtpd_restriction_classes, or a table that keeps its parameters in main.cf. Warns of references to names
// that nobody defines, of settings of read-only parameters, and of tables (dbms.h).
void find_user_names(const Values& set, const Overrides& services, const std::string& directory,
                     const Expand& expand, Catalog& catalog, Output& output);

// Warns of settings in main.cf (or -o) that nothing uses.
void warn_of_unused(const Values& set, const std::string& directory, const Catalog& catalog, Output& output);

// The same for the -o settings of services; `set` as above, because its values may refer to them.
void warn_of_unused_overrides(const Values& set, const Overrides& services, const std::string& directory,
                              const Expand& expand, const Catalog& catalog, Output& output);

}  // namespace postern::postconf
