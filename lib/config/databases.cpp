#include "lib/config/databases.h"

#include <algorithm>
#include <string>
#include <vector>

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

// The words of a list, where braces may be wrong: what is not closed goes up to the end.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(kListSeparators, at)) != text.npos) {
    auto end = at;
    while (end < text.size() && kListSeparators.find(text[end]) == std::string_view::npos) {
      end += text[end] == '{' ? std::min(behind_group(text.substr(end)), text.size() - end) : 1;
    }
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

constexpr int kDeepest = 100;  // lists within lists

void each_table(std::string_view value, const TableUse& use, const TableMistake& mistake, int depth) {
  if (value.find_first_of(":{") == value.npos || depth == kDeepest) return;
  for (std::string_view word : words_of(value)) {
    while (word.starts_with("proxy:")) word.remove_prefix(6);
    const auto colon = std::min(word.find(':'), word.size());
    const auto inner = word.starts_with('{') ? word : word.substr(std::min(colon + 1, word.size()));
    if (inner.starts_with('{')) {
      const auto plain = without_braces(inner);
      if (!plain && mistake) mistake(plain.error().text);
      const auto length = std::min(behind_group(inner), inner.size() + 1);
      each_table(inner.substr(1, length - 2), use, mistake, depth + 1);
      continue;
    }
    const auto* type = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const DatabaseType& one) {
      return one.name == word.substr(0, colon);
    });
    if (type != std::end(kTypes) && !inner.empty()) use(*type, inner);
  }
}

}  // namespace

void each_database_table(std::string_view value, const TableUse& use, const TableMistake& mistake) {
  each_table(value, use, mistake, 0);
}

bool is_table_file(std::string_view name) { return name.starts_with('/') || name.starts_with('.'); }

void each_table_parameter(std::string_view value, const std::function<void(std::string_view)>& use) {
  each_database_table(value, [&](const DatabaseType& type, std::string_view table) {
    if (is_table_file(table)) return;
    for (const auto parameter : type.parameters) use(concat(table, "_", parameter));
  });
}

}  // namespace postern::config
