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

// Warns of settings in the files of such tables that their type does not have. A file that cannot be read is
// passed over.
void warn_of_unused_in_tables(std::string_view value, Output& output);

}  // namespace postern::postconf
