#include "lib/config/databases.h"

#include <algorithm>
#include <string>

#include "lib/base/text.h"
#include "lib/config/words.h"

namespace postern::config {

namespace {

constexpr std::string_view kLdap[] = {"bind",
                                      "bind_dn",
                                      "bind_pw",
                                      "cache",
                                      "cache_expiry",
                                      "cache_size",
                                      "chase_referrals",
                                      "debuglevel",
                                      "dereference",
                                      "domain",
                                      "expansion_limit",
                                      "leaf_result_attribute",
                                      "query_filter",
                                      "recursion_limit",
                                      "result_attribute",
                                      "result_filter",
                                      "result_format",
                                      "sasl_authz_id",
                                      "sasl_mechs",
                                      "sasl_minssf",
                                      "sasl_realm",
                                      "scope",
                                      "search_base",
                                      "server_host",
                                      "server_port",
                                      "size_limit",
                                      "special_result_attribute",
                                      "start_tls",
                                      "terminal_result_attribute",
                                      "timeout",
                                      "tls_ca_cert_dir",
                                      "tls_ca_cert_file",
                                      "tls_cert",
                                      "tls_cipher_suite",
                                      "tls_key",
                                      "tls_random_file",
                                      "tls_require_cert",
                                      "version"};
constexpr std::string_view kMysql[] = {"additional_conditions",
                                       "charset",
                                       "dbname",
                                       "domain",
                                       "expansion_limit",
                                       "hosts",
                                       "option_file",
                                       "option_group",
                                       "password",
                                       "query",
                                       "require_result_set",
                                       "result_format",
                                       "select_field",
                                       "tls_CAfile",
                                       "tls_CApath",
                                       "tls_cert_file",
                                       "tls_ciphers",
                                       "tls_key_file",
                                       "tls_verify_cert",
                                       "table",
                                       "user",
                                       "where_field"};
constexpr std::string_view kPgsql[] = {"additional_conditions",
                                       "dbname",
                                       "domain",
                                       "encoding",
                                       "expansion_limit",
                                       "hosts",
                                       "password",
                                       "query",
                                       "result_format",
                                       "select_field",
                                       "select_function",
                                       "table",
                                       "user",
                                       "where_field"};
constexpr std::string_view kSqlite[] = {"additional_conditions", "dbpath", "domain",
                                        "expansion_limit",       "query",  "result_format",
                                        "select_field",          "table",  "where_field"};
constexpr std::string_view kMemcache[] = {"backup",      "data_size_limit", "domain",  "flags",
                                          "key_format",  "line_size_limit", "max_try", "memcache",
                                          "retry_pause", "timeout",         "ttl"};

constexpr DatabaseType kTypes[] = {
    {"ldap", kLdap}, {"mysql", kMysql}, {"pgsql", kPgsql}, {"sqlite", kSqlite}, {"memcache", kMemcache}};

}  // namespace

void each_database_table(std::string_view value,
                         const std::function<void(const DatabaseType&, std::string_view)>& table) {
  if (value.find(':') == value.npos) return;
  const auto words = split_braced(value, kListSeparators);
  if (!words) return;
  for (std::string_view word : *words) {
    if (word.starts_with('{') && word.ends_with('}')) {
      each_database_table(word.substr(1, word.size() - 2), table);
      continue;
    }
    while (word.starts_with("proxy:")) word.remove_prefix(6);
    const auto colon = std::min(word.find(':'), word.size());
    const auto* type = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const DatabaseType& one) {
      return one.name == word.substr(0, colon);
    });
    if (type != std::end(kTypes) && colon + 1 < word.size()) table(*type, word.substr(colon + 1));
  }
}

bool is_table_file(std::string_view name) { return name.starts_with('/') || name.starts_with('.'); }

void each_table_parameter(std::string_view value, const std::function<void(std::string_view)>& use) {
  each_database_table(value, [&](const DatabaseType& type, std::string_view table) {
    if (is_table_file(table)) return;
    for (const auto parameter : type.parameters) use(concat(table, "_", parameter));
  });
}

}  // namespace postern::config
