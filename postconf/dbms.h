// Tables of databases (ldap:, mysql:, pgsql:, sqlite:, memcache:) take parameters of their own: from the file
// that is named by a path (mysql:/etc/postfix/users.cf), or else from main.cf, with the table's name in front
// (ldap:people takes people_server_host).
#pragma once

#include <functional>
#include <string_view>

#include "postconf/output.h"

namespace postern::postconf {

// Calls `use` with each name that a table which this value names could take from main.cf.
void each_table_parameter(std::string_view value, const std::function<void(std::string_view name)>& use);

// Warns of braces that are not closed, and of the files of such tables: those that cannot be read, and settings
// that their type does not have. `where` is what the value is in, "main.cf" or "master.cf:NAME/TYPE".
void warn_of_tables(std::string_view value, std::string_view where, Output& output);

}  // namespace postern::postconf
