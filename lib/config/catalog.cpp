#include "lib/config/catalog.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/config/all_params.h"
#include "lib/config/expand.h"

namespace postern::config {

namespace {

constexpr std::string_view kTransports[] = {"error", "lmtp", "local", "pipe", "smtp", "virtual"};
constexpr std::string_view kCommands[] = {"pipe", "spawn"};

// What every transport has of its own, and its default.
constexpr std::pair<std::string_view, std::string_view> kTransportParams[] = {
    {"_delivery_slot_cost", "$default_delivery_slot_cost"},
    {"_delivery_slot_discount", "$default_delivery_slot_discount"},
    {"_delivery_slot_loan", "$default_delivery_slot_loan"},
    {"_destination_concurrency_failed_cohort_limit", "$default_destination_concurrency_failed_cohort_limit"},
    {"_destination_concurrency_limit", "$default_destination_concurrency_limit"},
    {"_destination_concurrency_negative_feedback", "$default_destination_concurrency_negative_feedback"},
    {"_destination_concurrency_positive_feedback", "$default_destination_concurrency_positive_feedback"},
    {"_destination_rate_delay", "$default_destination_rate_delay"},
    {"_destination_recipient_limit", "$default_destination_recipient_limit"},
    {"_extra_recipient_limit", "$default_extra_recipient_limit"},
    {"_initial_destination_concurrency", "$initial_destination_concurrency"},
    {"_minimum_delivery_slots", "$default_minimum_delivery_slots"},
    {"_recipient_limit", "$default_recipient_limit"},
    {"_recipient_refill_delay", "$default_recipient_refill_delay"},
    {"_recipient_refill_limit", "$default_recipient_refill_limit"},
    {"_transport_rate_delay", "$default_transport_rate_delay"}};

// Of services that run commands.
constexpr std::pair<std::string_view, std::string_view> kTimeLimit{"_time_limit", "$command_time_limit"};

template <class Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

Catalog::Catalog() {
  AllParams params;
  std::vector<std::string> referred;
  for (const auto* param : params.params()) {
    const bool raw = param->spec().expansion == Expansion::none;
    const bool read_only = param->spec().access == Access::read_only;
    all_.emplace_hint(all_.end(), param->name(),
                      Known{param->standard(), NameClass::builtin, raw, read_only, false});
    if (raw) continue;
    each_reference(param->standard(), [&](std::string_view name) { referred.emplace_back(name); });
  }
  for (const auto& name : referred) all_.try_emplace(name, Known{"", NameClass::user, false, false, true});
}

void Catalog::add_services(const std::vector<Service>& services) {
  for (const auto& service : services) {
    if (is_one_of(kTransports, service.command)) transports_.insert(service.name);
    if (is_one_of(kCommands, service.command)) commands_.insert(service.name);
  }
  for (auto& [name, known] : all_) {
    if (service_standard(name) != nullptr) known.kind = NameClass::service;
  }
}

const std::string_view* Catalog::service_standard(std::string_view name) const {
  const auto has_it = [&](const Names& services, std::string_view suffix) {
    return name.ends_with(suffix) && services.contains(name.substr(0, name.size() - suffix.size()));
  };
  for (const auto& [suffix, standard] : kTransportParams) {
    if (has_it(transports_, suffix)) return &standard;
  }
  return has_it(commands_, kTimeLimit.first) ? &kTimeLimit.second : nullptr;
}

std::optional<std::string_view> Catalog::service_of(std::string_view name) {
  const auto without = [name](std::string_view suffix) -> std::optional<std::string_view> {
    if (name.size() <= suffix.size() || !name.ends_with(suffix)) return std::nullopt;
    return name.substr(0, name.size() - suffix.size());
  };
  // Of two suffixes that fit the longer one is meant: x_extra_recipient_limit is not of a service x_extra.
  auto best = without(kTimeLimit.first);
  for (const auto& [suffix, standard] : kTransportParams) {
    const auto service = without(suffix);
    if (service && (!best || service->size() < best->size())) best = service;
  }
  return best;
}

void Catalog::list_services() {
  for (const auto& service : transports_) {
    for (const auto& [suffix, standard] : kTransportParams) find(concat(service, suffix));
  }
  for (const auto& service : commands_) find(concat(service, kTimeLimit.first));
}

void Catalog::add_user(std::string_view name) {
  if (find(name) == nullptr) all_.emplace(name, Known{});
}

const Known* Catalog::find(std::string_view name) const {
  if (const auto found = all_.find(name); found != all_.end()) return &found->second;
  const auto* standard = service_standard(name);
  if (standard == nullptr) return nullptr;
  return &all_.try_emplace(std::string(name),
                           Known{std::string(*standard), NameClass::service, false, false, false})
              .first->second;
}

}  // namespace postern::config
