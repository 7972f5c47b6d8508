#include "lib/check/configuration.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::check {

namespace {

// Looking for what was meant takes a while; who has more slips than these has another problem.
constexpr std::size_t kMostLikely = 200;

template <class Offer>
const std::string& likely_in(ByName<std::string>& known, std::string_view name, Offer offer) {
  static const std::string nothing;
  if (const auto found = known.find(name); found != known.end()) return found->second;
  if (known.size() >= kMostLikely) return nothing;
  config::Likely likely(name);
  offer(likely);
  return known.emplace(name, likely.question()).first->second;
}

}  // namespace

Configuration::Configuration(const config::Settings& settings, const config::MasterCf& master,
                             std::vector<Finding>& findings)
    : settings_(settings), master_(master), findings_(findings) {
  for (const auto& entry : settings_.main_cf().entries()) {
    const auto [known, is_new] = set_by_name_.try_emplace(entry.name, set_.size());
    if (is_new) set_.emplace_back();
    set_[known->second] = {entry.name, entry.value, entry.line};
  }
  std::sort(set_.begin(), set_.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  for (std::size_t i = 0; i < set_.size(); ++i) set_by_name_.find(set_[i].name)->second = i;
  for (auto* param : params_.params()) params_by_name_.emplace(param->name(), param);
  const auto disabled = settings_.value("master_service_disable");
  const auto patterns = disabled ? config::split_braced(*disabled, config::kListSeparators) : config::List();
  for (auto& service : master_.in_force()) {
    if (patterns && config::is_disabled(service.name, config::name_of(service.type), *patterns)) {
      disabled_.insert(service.name);
    } else {
      services_.push_back(std::move(service));
    }
  }
  for (const auto& service : services_) {
    if (service.type != config::SocketType::inet) local_[service.name].push_back(&service);
  }
}

const config::Catalog& Configuration::catalog() {
  if (!catalog_) catalog_.emplace().add_services(services_);
  return *catalog_;
}

const Setting* Configuration::find_setting(std::string_view name) const {
  const auto found = set_by_name_.find(name);
  return found == set_by_name_.end() ? nullptr : &set_[found->second];
}

bool Configuration::is_of_screen(std::string_view name) {
  const auto is_there = [name](const config::ParamGroup& group) {
    return std::any_of(group.params().begin(), group.params().end(),
                       [name](const config::ParamBase* param) { return param->name() == name; });
  };
  return is_there(params_.screen) || is_there(params_.screen_dialogue);
}

config::ParamBase* Configuration::find_param(std::string_view name) {
  const auto found = params_by_name_.find(name);
  return found == params_by_name_.end() ? nullptr : found->second;
}

const std::vector<const config::Service*>& Configuration::local_services(std::string_view name) const {
  static const std::vector<const config::Service*> none;
  const auto found = local_.find(name);
  return found == local_.end() ? none : found->second;
}

const std::string& Configuration::likely_service(std::string_view name) {
  return likely_in(likely_services_, name, [this](config::Likely& likely) {
    for (const auto& service : services_) {
      if (service.type != config::SocketType::inet) likely.offer(service.name);
    }
  });
}

const std::string& Configuration::likely_parameter(std::string_view name) {
  return likely_in(likely_parameters_, name, [this](config::Likely& likely) {
    for (const auto& [known, about] : catalog().all()) {
      if (!about.hidden) likely.offer(known);
    }
  });
}

void Configuration::about_parameter(Severity severity, std::string_view name, std::string text) {
  const auto* setting = find_setting(name);
  add({severity, settings_.main_cf().path(), setting == nullptr ? 0 : setting->line, std::move(text),
       std::string(name)});
}

void Configuration::about_service(Severity severity, const config::Service& service, std::string_view text) {
  add({severity, master_.path(), service.line, concat("service ", service.name, ": ", text), service.name});
}

void Configuration::about(Severity severity, const Setting& setting, std::string text) {
  if (setting.service == nullptr) {
    add({severity, settings_.main_cf().path(), setting.line, std::move(text), std::string(setting.name)});
    return;
  }
  add({severity, master_.path(), master_.line_of_override(*setting.service, setting.which),
       concat("service ", setting.service->name, ": -o ", text), std::string(setting.name)});
}

}  // namespace postern::check
