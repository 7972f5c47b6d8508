#include "postconf/names.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/config/master_cf.h"
#include "lib/config/service_options.h"
#include "lib/config/settings.h"
#include "postconf/service_words.h"

namespace postern::postconf {

namespace {

using config::Service;

std::string part_of(const Service& service, Space space, const std::string& part) {
  const auto find = [&](const config::Pairs& pairs) {
    const auto found =
        std::find_if(pairs.rbegin(), pairs.rend(), [&](const auto& pair) { return pair.first == part; });
    return found == pairs.rend() ? std::string() : found->second;
  };
  if (space == Space::services) return config::one_line(service);
  if (space == Space::options) return find(config::options_of(service));
  if (space == Space::overrides) return find(service.overrides);
  const auto field = field_of(part);
  return field && *field ? std::string(service.field(**field)) : config::command_line(service);
}

}  // namespace

Result<Space> space_of(std::string_view name) {
  const auto parts = split_fields(name, '/');
  const bool empty = std::any_of(parts.begin(), parts.end(), [](auto part) { return part.empty(); });
  if (empty || parts.size() > 4)
    return fail(Errc::invalid, concat("bad name: \"", config::shown(name), "\""));
  if (parts.size() == 1) return Space::main;
  if (parts.size() == 2) return Space::services;
  const auto part = name.substr(parts[0].size() + parts[1].size() + 2);
  if (config::is_option_name(part)) return Space::options;
  if (parts.size() == 4) return fail(Errc::invalid, concat("bad name: \"", config::shown(name), "\""));
  return field_of(part) ? Space::fields : Space::overrides;
}

std::string in_one_line(std::string_view value) {
  std::string text;
  for (const auto word : split_words(value, config::kBlanks)) text += concat(text.empty() ? "" : " ", word);
  return text;
}

Result<std::string> present_value(const Draft& draft, const std::string& name) {
  const auto space = space_of(name);
  if (!space) return fail(space.error());
  if (*space == Space::main) {
    const auto text = draft.main_text();
    if (!text) return fail(text.error());
    auto main = config::MainCf::parse(*text, draft.main_path());
    if (!main) return fail(main.error());
    const config::Settings settings(std::move(*main), {}, config::HostFacts::of_this_host());
    return settings.raw(name).value_or("");
  }
  const auto text = draft.master_text();
  if (!text) return fail(text.error());
  const auto master = config::MasterCf::parse(*text, draft.master_path());
  if (!master) return fail(master.error());
  const auto parts = split_fields(name, '/');
  const auto type = config::socket_type(parts[1]);
  const auto* service = type ? master->find(parts[0], *type) : nullptr;
  if (service == nullptr) return std::string();
  const auto start = std::min(parts[0].size() + parts[1].size() + 2, name.size());
  return part_of(*service, *space, name.substr(start));
}

}  // namespace postern::postconf
