#include "lib/table/table.h"

#include "lib/base/text.h"
#include "lib/table/memory_tables.h"

namespace postern::table {

namespace {

struct Type {
  std::string_view name;
  Result<std::unique_ptr<Table>> (*open)(std::string name, std::string_view argument);
};

constexpr Type kTypes[] = {
    {"static", open_static}, {"inline", open_inline}, {"texthash", open_texthash},
    {"unix", open_unix},     {"fail", open_fail},     {"environ", open_environ},
};

struct Parts {
  std::string_view type;
  std::string_view argument;
};

// TYPE:NAME in its parts, without "proxy:". Both parts are empty when there is no colon.
Parts split(std::string_view text) {
  while (text.starts_with("proxy:")) text.remove_prefix(6);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return {};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

const Type* find_type(std::string_view name) {
  for (const Type& type : kTypes) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<Table>> open(std::string_view type_colon_name) {
  const auto parts = split(type_colon_name);
  if (parts.type.empty()) {
    return fail(Errc::invalid,
                concat("bad table name \"", printable(type_colon_name, 200), "\": expected type:name"));
  }
  const Type* type = find_type(parts.type);
  if (type == nullptr) {
    return fail(Errc::invalid, concat("unsupported table type: ", printable(parts.type, 80), " (in \"",
                                      printable(type_colon_name, 200), "\")"));
  }
  return type->open(std::string(type_colon_name), parts.argument);
}

bool is_supported(std::string_view type_colon_name) {
  return find_type(split(type_colon_name).type) != nullptr;
}

}  // namespace postern::table
