#include "lib/config/all_params.h"

#include <algorithm>

namespace postern::config {

std::vector<ReadParams::Group> ReadParams::groups() {
  return {{"all", &common},
          {"all services", &process},
          {"master", &master},
          {"smtpd, cleanup, qmgr", &routing},
          {"smtpd, cleanup", &limits},
          {"smtpd", &smtpd},
          {"smtpd", &access},
          {"cleanup", &cleanup},
          {"qmgr", &qmgr},
          {"local, virtual", &mailbox},
          {"local", &local},
          {"virtual", &virtual_}};
}

std::vector<ReadParams::Group> AllParams::groups() {
  auto groups = ReadParams::groups();
  groups.push_back({"no program yet", &unread});
  return groups;
}

std::vector<ParamBase*> AllParams::params() {
  std::vector<ParamBase*> all;
  for (const auto& group : groups()) {
    all.insert(all.end(), group.params->params().begin(), group.params->params().end());
  }
  std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) { return a->name() < b->name(); });
  return all;
}

ParamBase* AllParams::find(std::string_view name) {
  for (const auto& group : groups()) {
    const auto& params = group.params->params();
    const auto found =
        std::find_if(params.begin(), params.end(), [&](const auto* param) { return param->name() == name; });
    if (found != params.end()) return *found;
  }
  return nullptr;
}

Result<void> AllParams::load(const Settings& settings) {
  for (const auto& group : groups()) {
    if (auto done = group.params->load(settings); !done) return done;
  }
  return {};
}

}  // namespace postern::config
