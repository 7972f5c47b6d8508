#include "lib/config/settings.h"

#include "lib/base/text.h"
#include "lib/config/expand.h"
#include "lib/config/networks.h"
#include "lib/config/standards.h"
#include "lib/config/words.h"

namespace postern::config {

Result<Settings> Settings::load(const std::string& directory, Pairs overrides, const HostFacts& facts) {
  auto main = MainCf::read(concat(directory, "/main.cf"));
  if (!main) return fail(main.error());
  return of(std::move(*main), directory, std::move(overrides), facts);
}

Settings Settings::of(MainCf main, const std::string& directory, Pairs overrides, const HostFacts& facts) {
  Settings settings(std::move(main), std::move(overrides), facts);
  settings.computed_.insert_or_assign("config_directory", directory);
  return settings;
}

Settings::Settings(MainCf main, Pairs overrides, const HostFacts& facts) : main_(std::move(main)) {
  for (const auto& entry : main_.entries()) set_.insert_or_assign(entry.name, entry.value);
  for (auto& [name, value] : overrides) override(name, std::move(value));
  compute(facts);
}

void Settings::override(const std::string& name, std::string value) {
  overrides_.insert_or_assign(name, std::move(value));
}

// myhostname, mydomain and mynetworks depend on each other, and may be given in terms of each other: each is
// computed from what is known before it.
void Settings::compute(const HostFacts& facts) {
  const auto domain_of = [](const std::string& host) {
    const auto dot = host.find('.');
    return dot == host.npos || dot + 1 == host.size() ? std::string("localdomain") : host.substr(dot + 1);
  };
  computed_.insert_or_assign("mydomain", domain_of(facts.hostname));
  const bool is_full = facts.hostname.find('.') != std::string::npos;
  computed_.insert_or_assign("myhostname", is_full ? facts.hostname : concat(facts.hostname, ".$mydomain"));
  if (source("mydomain") == Source::standard) {
    auto host = value("myhostname");
    computed_.insert_or_assign("mydomain", host ? Result<std::string>(domain_of(*host)) : host);
  }
  computed_.insert_or_assign("mynetworks", compute_networks(facts));
  compute_owner(facts);
}

// On a host that has Postfix, and has not been told of us, its user is there for the same job.
void Settings::compute_owner(const HostFacts& facts) {
  if (facts.has_user == nullptr || source("mail_owner") != Source::standard) return;
  const std::string ours(standard_value("mail_owner").value_or(""));
  constexpr const char* kOfPostfix = "postfix";
  if (!facts.has_user(ours.c_str()) && facts.has_user(kOfPostfix)) {
    computed_.insert_or_assign("mail_owner", kOfPostfix);
  }
}

Result<std::string> Settings::compute_networks(const HostFacts& facts) const {
  const auto style = value("mynetworks_style");
  if (!style) return style;
  const auto interfaces = value("inet_interfaces");
  if (!interfaces) return interfaces;
  const auto protocols = value("inet_protocols");
  if (!protocols) return protocols;
  const auto list = [](const std::string& text) {
    const auto words = split_words(text);
    return List(words.begin(), words.end());
  };
  return default_networks(*style, list(*interfaces), list(*protocols), facts.addresses);
}

Source Settings::source(std::string_view name) const {
  if (overrides_.contains(name)) return Source::override;
  if (set_.contains(name)) return Source::main_cf;
  return computed_.contains(name) || standard_value(name) ? Source::standard : Source::unknown;
}

Result<std::optional<std::string>> Settings::find(std::string_view name) const {
  for (const auto* map : {&overrides_, &set_}) {
    if (const auto found = map->find(name); found != map->end()) return found->second;
  }
  if (const auto found = computed_.find(name); found != computed_.end()) {
    if (!found->second) return fail(found->second.error());
    return *found->second;
  }
  if (const auto standard = standard_value(name)) return std::string(*standard);
  return std::nullopt;
}

std::optional<std::string> Settings::raw(std::string_view name) const {
  auto found = find(name);
  return found ? std::move(*found) : std::string();
}

Result<std::string> Settings::value(std::string_view name) const {
  const auto text = find(name);
  if (text && !*text) return fail(Errc::not_found, concat("unknown parameter: ", name));
  auto expanded = text ? expand(**text) : Result<std::string>(fail(text.error()));
  if (expanded) return expanded;
  return fail(expanded.error().kind, concat("parameter ", name, ": ", expanded.error().text));
}

Result<std::string> Settings::expand(std::string_view text) const {
  return config::expand(text, [this](std::string_view name) { return find(name); });
}

}  // namespace postern::config
