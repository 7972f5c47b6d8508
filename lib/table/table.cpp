#include "lib/table/table.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/table/composed.h"
#include "lib/table/memory_tables.h"
#include "lib/table/openers.h"
#include "lib/table/opening.h"

namespace postern::table {

namespace {

constexpr Type kTypes[] = {
    {"btree", true, ".db", open_hash},
    {"cdb", true},
    {"cidr", true, {}, open_cidr},
    {"dbm", true},
    {"debug", false, {}, open_debug},
    {"environ", false, {}, open_environ},
    {"fail", false, {}, open_fail},
    {"hash", true, ".db", open_hash},
    {"inline", false, {}, open_inline},
    {"internal"},
    {"ldap", true},
    {"lmdb", true, ".lmdb", open_lmdb},
    {"memcache", true},
    {"mongodb", true},
    {"mysql", true},
    {"netinfo"},
    {"nis"},
    {"nisplus"},
    {"pcre", true, {}, open_pcre},
    {"pgsql", true},
    {"pipemap", false, {}, open_pipemap},
    {"proxy", false, {}, open_proxy},
    {"randmap", false, {}, open_randmap},
    {"regexp", true, {}, open_regexp},
    {"sdbm", true},
    {"socketmap", false, {}, open_socketmap},
    {"sqlite", true, {}, open_sqlite},
    {"static", false, {}, open_static},
    {"tcp", false, {}, open_tcp},
    {"texthash", true, {}, open_texthash},
    {"unionmap", false, {}, open_unionmap},
    {"unix", false, {}, open_unix},
};

}  // namespace

std::span<const Type> types() { return kTypes; }

const Type* find_type(std::string_view name) {
  const auto* place =
      std::find_if(std::begin(kTypes), std::end(kTypes), [&](const Type& type) { return type.name == name; });
  return place == std::end(kTypes) ? nullptr : place;
}

Parts split_name(std::string_view text) {
  for (;;) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return {};
    const auto type = text.substr(0, colon);
    const auto argument = text.substr(colon + 1);
    if (type != "proxy" && type != "debug") return {type, argument};
    text = argument;
  }
}

Result<Records> Table::all() const {
  return fail(Errc::invalid, concat("table ", name_, ": cannot list what is in it"));
}

Result<std::unique_ptr<Table>> open(std::string_view type_colon_name) {
  const auto colon = type_colon_name.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return fail(Errc::invalid,
                concat("bad table name \"", printable(type_colon_name, 200), "\": expected type:name"));
  }
  const Type* type = find_type(type_colon_name.substr(0, colon));
  if (type == nullptr || type->open == nullptr) {
    return fail(Errc::invalid,
                concat("unsupported table type: ", printable(type_colon_name.substr(0, colon), 80), " (in \"",
                       printable(type_colon_name, 200), "\")"));
  }
  return type->open(std::string(type_colon_name), type_colon_name.substr(colon + 1));
}

std::unique_ptr<Table> open_or_defer(std::string_view type_colon_name, std::string_view parameter) {
  auto table = open(type_colon_name);
  if (table) return std::move(*table);
  return defer(type_colon_name, parameter, table.error());
}

std::unique_ptr<Table> defer(std::string_view type_colon_name, std::string_view parameter, const Error& why) {
  Opening::report(Trouble::error, concat(parameter, ": ", why.text));
  if (Opening::now() != nullptr) Opening::now()->files().add_broken();
  return unavailable(std::string(type_colon_name), why.text);
}

std::string lookup_error(const Table& table, std::string_view key, std::string_view text) {
  return concat(table.name(), " lookup error for \"", printable(key, 200), "\": ", text);
}

bool is_supported(std::string_view type_colon_name) {
  const Type* type = find_type(split_name(type_colon_name).type);
  return type != nullptr && type->open != nullptr;
}

}  // namespace postern::table
