#include "lib/config/all_params.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace postern::config {

namespace {

ParamBase* find_in(const ParamGroup& group, std::string_view name) {
  const auto& params = group.params();
  const auto found =
      std::find_if(params.begin(), params.end(), [&](const auto* param) { return param->name() == name; });
  return found == params.end() ? nullptr : *found;
}

// Parameters that stand in one of our groups without effect, and that other programs of Postfix read.
constexpr std::pair<std::string_view, std::string_view> kReadElsewhere[] = {
    {"header_address_token_limit", "all"},
    {"smtpd_client_connection_count_limit", "smtpd, postscreen"},
    {"smtputf8_enable", "all"},
};

Readers declared_readers(std::string_view name, std::string_view group, Effect effect) {
  if (effect == Effect::yes) return {group, true};
  const auto* found = std::find_if(std::begin(kReadElsewhere), std::end(kReadElsewhere),
                                   [&](const auto& row) { return row.first == name; });
  return {found == std::end(kReadElsewhere) ? group : found->second, false};
}

}  // namespace

std::vector<ReadParams::Group> ReadParams::groups() {
  return {
      {"all", &common},
      {"all services", &process},
      {"master", &master},
      {"local, pipe, spawn", &command},
      {"smtpd, cleanup, qmgr", &routing},
      {"smtpd, cleanup", &limits},
      {"smtpd", &smtpd},
      {"smtpd, screen", &smtpd_tls},
      {"smtpd, smtp, lmtp", &tls},
      {"smtpd", &access},
      {"cleanup", &cleanup},
      {"cleanup", &rewrite},
      {"smtpd, cleanup, qmgr", &resolve},
      {"cleanup", &content},
      {"smtpd, pickup", &receive},
      {"bounce", &bounce},
      {"screen", &screen},
      {"screen", &screen_dialogue},
      {"sendmail, postdrop", &submission},
      {"qmgr", &qmgr},
      {"showq", &queue_access},
      {"local, virtual", &mailbox},
      {"local", &local},
      {"virtual", &virtual_},
      {"smtp", &smtp_client},
      {"lmtp", &lmtp_client},
      {"smtp", &smtp_session},
      {"lmtp", &lmtp_session},
      {"smtp", &smtp_tls},
      {"lmtp", &lmtp_tls},
      {"smtp, lmtp", &smtp_more},
      {"screen, smtp, lmtp", &dns},
      {"pipe", &pipe},
      {"postmap, postalias", &table},
  };
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
    if (auto* param = find_in(*group.params, name)) return param;
  }
  return nullptr;
}

std::optional<Readers> AllParams::readers(std::string_view name) {
  if (const auto* row = find_unread(name)) return Readers{row->readers, false};
  for (const auto& group : ReadParams::groups()) {
    const auto* param = find_in(*group.params, name);
    if (param != nullptr) return declared_readers(name, group.readers, param->spec().effect);
  }
  return std::nullopt;
}

Result<void> AllParams::load(const Settings& settings) {
  for (const auto& group : groups()) {
    if (auto done = group.params->load(settings); !done) return done;
  }
  return {};
}

}  // namespace postern::config
