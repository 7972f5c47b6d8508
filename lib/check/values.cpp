#include <algorithm>

#include "lib/base/text.h"
#include "lib/check/configuration.h"
#include "lib/config/expand.h"
#include "lib/config/lines.h"
#include "lib/config/origin.h"
#include "lib/net/dns.h"
#include "lib/screening/cache_map.h"
#include "lib/screening/dns_sites.h"
#include "lib/table/address_lists.h"

namespace postern::check {

namespace {

bool is_address_list(std::string_view name) {
  return std::find(table::kAddressLists.begin(), table::kAddressLists.end(), name) !=
         table::kAddressLists.end();
}

// Where a '#' begins a word; npos when there is none.
std::size_t comment_in(std::string_view value) {
  for (auto at = value.find('#'); at != value.npos; at = value.find('#', at + 1)) {
    if (at == 0 || is_space(value[at - 1])) return at;
  }
  return value.npos;
}

// Names in these mean something when mail is delivered.
bool is_raw(Configuration& configuration, std::string_view name) {
  const auto* param = configuration.find_param(name);
  return param != nullptr && param->spec().expansion == config::Expansion::none;
}

void check_references(Configuration& configuration, const Setting& setting,
                      const config::Settings& settings) {
  std::vector<std::string_view> missing;
  config::each_reference(setting.value, [&](std::string_view name) {
    if (settings.raw(name) || configuration.catalog().find(name) != nullptr) return;
    if (std::find(missing.begin(), missing.end(), name) == missing.end()) missing.push_back(name);
  });
  for (const auto name : missing) {
    configuration.about(Severity::warning, setting,
                        concat(setting.name, " refers to an undefined parameter: $", config::shown(name),
                               configuration.likely_parameter(name)));
  }
}

Result<void> check_cache_map(std::string_view, const std::string& value) {
  if (value.empty()) return {};
  const auto read = screening::read_cache_map(value, "");
  return read ? Result<void>() : fail(read.error());
}

Result<void> check_dns_sites(std::string_view parameter, const std::string& value) {
  const auto words = config::split_braced(value, config::kListSeparators);
  if (!words) return fail(words.error());
  const auto lists = screening::dns_lists(parameter, *words);
  return lists ? Result<void>() : fail(lists.error());
}

Result<void> check_dns_servers(std::string_view parameter, const std::string& value) {
  for (const auto word : split_words(value)) {
    const auto server = net::dns_server(word);
    if (!server) return fail(Errc::invalid, concat(parameter, ": ", server.error().text));
  }
  return {};
}

Result<void> check_proxy_protocol(std::string_view parameter, const std::string& value) {
  if (value.empty() || value == "haproxy") return {};
  return fail(Errc::invalid, concat(parameter, ": unknown protocol: ", config::shown(value)));
}

// Those of clients are taken as encrypt.
Result<void> check_tls_level(std::string_view parameter, const std::string& value) {
  constexpr std::string_view kLevels[] = {"",          "none",        "may",    "encrypt", "dane",
                                          "dane-only", "fingerprint", "verify", "secure",  "half-dane"};
  const auto is_it = [&](std::string_view level) { return iequals(level, value); };
  if (std::any_of(std::begin(kLevels), std::end(kLevels), is_it)) return {};
  return fail(Errc::invalid, concat(parameter, ": Invalid TLS level \"", config::shown(value), '"'));
}

// What programs make of a text when they start, and would end if they could not.
constexpr struct {
  std::string_view parameter;
  Result<void> (*check)(std::string_view parameter, const std::string& value);
} kTexts[] = {{"postscreen_cache_map", check_cache_map},
              {"postscreen_dnsbl_sites", check_dns_sites},
              {"postscreen_upstream_proxy_protocol", check_proxy_protocol},
              {"postscreen_tls_security_level", check_tls_level},
              {"smtpd_tls_security_level", check_tls_level},
              {"dns_servers", check_dns_servers}};

// Everything that the parameter itself says about its value.
Result<void> accept(Configuration& configuration, const Setting& setting, const config::Settings& settings) {
  if (auto* param = configuration.find_param(setting.name)) {
    if (auto loaded = param->load(settings); !loaded) return loaded;
  } else if (const auto expanded = settings.value(setting.name); !expanded) {
    return fail(expanded.error());
  }
  if (is_address_list(setting.name)) return table::check_address_list(settings, setting.name);
  for (const auto& text : kTexts) {
    if (text.parameter != setting.name) continue;
    const auto value = settings.value(setting.name);
    return value ? text.check(setting.name, *value) : fail(value.error());
  }
  if (setting.name == "myorigin" && setting.service == nullptr) {
    if (const auto origin = config::origin_of(settings); !origin) return fail(origin.error());
  }
  return {};
}

}  // namespace

namespace {

// Those of the front door are for who has one.
bool reads_defaults_of_screen(const Configuration& configuration) {
  const auto& services = configuration.services();
  return std::any_of(services.begin(), services.end(), [](const config::Service& service) {
    return service.command == "screen" || service.command == "postscreen";
  });
}

}  // namespace

// A default is good by itself, but it may be made of values that are not: then these were reported, unless the
// host is to blame. What nothing reads may be as it likes: "default_process_limit = 7" is too low for a default of a
// program that is not there.
void check_defaults(Configuration& configuration) {
  if (configuration.has_error()) return;
  const auto judge = [&](std::string_view name, const auto& loaded) {
    if (!loaded) configuration.about_parameter(Severity::error, name, loaded.error().text);
  };
  const bool has_screen = reads_defaults_of_screen(configuration);
  for (auto* param : configuration.params()) {
    if (configuration.find_setting(param->name()) != nullptr) continue;
    if (param->spec().effect == config::Effect::not_yet) continue;
    if (!has_screen && configuration.is_of_screen(param->name())) continue;
    judge(param->name(), param->load(configuration.settings()));
  }
  for (const auto name : table::kAddressLists) {
    if (configuration.find_setting(name) != nullptr) continue;
    judge(name, table::check_address_list(configuration.settings(), name));
  }
}

bool check_accepted(Configuration& configuration, const Setting& setting, const config::Settings& settings) {
  const auto accepted = accept(configuration, setting, settings);
  if (!accepted) configuration.about(Severity::error, setting, accepted.error().text);
  return accepted.has_value();
}

bool check_value(Configuration& configuration, const Setting& setting, const config::Settings& settings) {
  const bool raw = is_raw(configuration, setting.name);
  if (!raw) check_references(configuration, setting, settings);
  const auto comment =
      takes_words(configuration, setting.name) ? comment_in(setting.value) : setting.value.npos;
  if (comment != setting.value.npos) {
    configuration.about(Severity::warning, setting,
                        concat(setting.name, ": #comment after other text is not allowed: ",
                               config::shown(setting.value.substr(comment))));
  }
  if (!check_accepted(configuration, setting, settings)) return false;
  const auto* param = configuration.find_param(setting.name);
  if (param != nullptr && setting.service == nullptr && param->spec().effect == config::Effect::not_yet) {
    configuration.about(Severity::note, setting, concat(setting.name, " has no effect in this version"));
  }
  return comment == setting.value.npos && !raw;
}

}  // namespace postern::check
