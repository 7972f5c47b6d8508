#include "lib/config/standards.h"

#include <map>
#include <string>

#include "lib/config/all_params.h"

namespace postern::config {

namespace {

std::map<std::string, std::string, std::less<>> collect() {
  std::map<std::string, std::string, std::less<>> values;
  ReadParams all;
  for (const auto& group : all.groups()) {
    for (const auto* param : group.params->params()) values.emplace(param->name(), param->standard());
  }
  return values;
}

}  // namespace

std::optional<std::string_view> standard_value(std::string_view name) {
  static const auto values = collect();
  const auto found = values.find(name);
  if (found != values.end()) return found->second;
  const auto* unread = find_unread(name);
  return unread == nullptr ? std::nullopt : std::optional(unread->standard);
}

}  // namespace postern::config
