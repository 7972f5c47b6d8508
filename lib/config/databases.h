// Tables of databases (ldap:, mysql:, pgsql:, sqlite:, memcache:) take parameters of their own: from the file
// that is named by a path (mysql:/etc/postfix/users.cf), or else from main.cf, with the table's name in front
// (ldap:people takes people_server_host).
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace postern::config {

struct DatabaseType {
  std::string_view name;                         // "ldap"
  std::span<const std::string_view> parameters;  // "bind", "server_host", …
};

using TableUse = std::function<void(const DatabaseType& type, std::string_view name)>;
using TableMistake = std::function<void(const std::string& text)>;  // "missing '}' in "TEXT""

// Calls `use` for each such table in the value of a parameter, also in the lists of other tables (unionmap:{...}), and
// `mistake` for braces that are not closed.
void each_database_table(std::string_view value, const TableUse& use, const TableMistake& mistake = {});

// True when the name of a table is the path of a file.
bool is_table_file(std::string_view name);

// Calls `use` with each name that a table which this value names could take from main.cf.
void each_table_parameter(std::string_view value, const std::function<void(std::string_view name)>& use);

}  // namespace postern::config
