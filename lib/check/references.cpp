// Services of master.cf that values of parameters name.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <set>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/check/configuration.h"
#include "lib/check/programs.h"
#include "lib/config/lines.h"
#include "lib/config/place.h"
#include "lib/table/opening.h"
#include "lib/table/table.h"
#include "lib/table/transport.h"

namespace postern::check {

namespace {

enum class Kind { transport, transports, transport_maps, service, milters };
enum class Folder { private_, public_, any };

struct Row {
  std::string_view parameter;
  Kind kind;
  std::string_view program = {};  // that a default needs; empty: a default is nobody's fault
  Folder folder = Folder::private_;
};

using enum Kind;
constexpr Row kRows[] = {
    {"default_transport", transport, "smtp"},
    {"local_transport", transport, "local"},
    {"virtual_transport", transport, "virtual"},
    {"relay_transport", transport, "smtp"},
    {"mailbox_transport", transport},
    {"fallback_transport", transport},
    {"content_filter", transport},
    {"best_mx_transport", transport},
    {"address_verify_default_transport", transport},
    {"address_verify_local_transport", transport},
    {"address_verify_relay_transport", transport},
    {"address_verify_virtual_transport", transport},
    {"defer_transports", transports},
    {"transport_maps", transport_maps},
    {"fallback_transport_maps", transport_maps},
    {"mailbox_transport_maps", transport_maps},
    {"sender_dependent_default_transport_maps", transport_maps},
    {"address_verify_transport_maps", transport_maps},
    {"address_verify_sender_dependent_default_transport_maps", transport_maps},
    {"cleanup_service_name", service, "cleanup", Folder::public_},
    {"queue_service_name", service, "qmgr", Folder::public_},
    {"pickup_service_name", service, "pickup", Folder::public_},
    {"showq_service_name", service, "showq", Folder::public_},
    {"flush_service_name", service, "flush", Folder::public_},
    {"rewrite_service_name", service, "trivial-rewrite"},
    {"bounce_service_name", service, "bounce"},
    {"defer_service_name", service, "bounce"},
    {"trace_service_name", service, "bounce"},
    {"error_service_name", service, "error"},
    {"address_verify_service_name", service, "verify"},
    {"tlsmgr_service_name", service, "tlsmgr"},
    {"postlog_service_name", service, "", Folder::public_},
    {"proxymap_service_name", service, "proxymap"},
    {"proxywrite_service_name", service, "proxywrite"},
    {"connection_cache_service_name", service, "scache"},
    {"dnsblog_service_name", service, "dnsblog"},
    {"tlsproxy_service_name", service, "tlsproxy"},
    {"smtpd_service_name", service, "", Folder::any},
    {"smtpd_milters", milters},
    {"non_smtpd_milters", milters},
};

const Row* find_row(std::string_view parameter) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                 [&](const Row& one) { return one.parameter == parameter; });
  return row == std::end(kRows) ? nullptr : row;
}

// Why there is no such service where it is looked for; nothing when there is one.
std::optional<std::string> missing(Configuration& configuration, std::string_view name, Folder folder) {
  const auto& found = configuration.local_services(name);
  const bool is_there = std::any_of(found.begin(), found.end(), [&](const config::Service* service) {
    return folder == Folder::any || service->private_ == (folder == Folder::private_);
  });
  if (is_there) return std::nullopt;
  if (!found.empty()) {
    const bool is_private = folder == Folder::private_;
    return concat("service ", name, " on line ", found.front()->line, " of master.cf is ",
                  is_private ? "public: write y" : "private: write n", " in its third field");
  }
  if (configuration.is_disabled(name)) {
    return concat("service ", name, " is disabled by master_service_disable");
  }
  const auto& likely = configuration.likely_service(name);
  return concat("master.cf has no service ", config::shown(name),
                is_known_program(name) ? std::string() : likely);
}

class ReferenceCheck {
 public:
  ReferenceCheck(Configuration& configuration, const Setting& setting, const Row& row)
      : configuration_(configuration), setting_(setting), row_(row) {}

  void run(std::string_view value) {
    switch (row_.kind) {
      case transport: return name_of_destination(value);
      case transport_maps: return maps(value);
      case service: return name(value);
      case transports:
        for (const auto word : split_words(value)) name(word);
        return;
      case milters:
        for (const auto& word : words(value)) check_socket(configuration_, setting_, word);
    }
  }

 private:
  static config::List words(std::string_view value) {
    return config::split_braced(value, config::kListSeparators).value_or(config::List());
  }

  void name_of_destination(std::string_view value) { name(table::parse_destination(value).transport); }

  void name(std::string_view service) {
    if (service.empty() || !seen_.emplace(service).second) return;
    if (row_.kind == Kind::service && folded_into(row_.program)) return;
    const auto why = missing(configuration_, service, row_.folder);
    if (!why) return;
    const bool nothing_leaves = row_.parameter == "default_transport" && setting_.service == nullptr;
    configuration_.about(nothing_leaves ? Severity::error : Severity::warning, setting_,
                         concat(setting_.name, ": ", *why));
  }

  // Only what can be read here and now: other tables know their values when they are asked.
  void maps(std::string_view value) {
    for (const auto& word : words(value)) {
      const auto [type, argument] = table::split_name(word);
      if (type == "static") {
        name_of_destination(config::without_braces(argument).value_or(""));
        continue;
      }
      const table::Opening quiet(&configuration_.settings(), nullptr,
                                 [](table::Trouble, const std::string&) {});
      const auto opened = table::open(word);
      if (opened) values((*opened)->all());
    }
  }

  void values(const Result<table::Records>& pairs) {
    if (!pairs) return;
    std::set<std::string> transports;  // in an order that is the same each time
    for (const auto& [key, value] : *pairs) transports.insert(table::parse_destination(value).transport);
    for (const auto& one : transports) name(one);
  }

  Configuration& configuration_;
  const Setting& setting_;
  const Row& row_;
  Names seen_;
};

}  // namespace

void check_reference(Configuration& configuration, const Setting& setting, const config::Settings& settings) {
  const Row* row = find_row(setting.name);
  if (row == nullptr) return;
  if (const auto value = settings.value(setting.name))
    ReferenceCheck(configuration, setting, *row).run(*value);
}

// What nobody set is expected only of programs that are there: others are not part of this version.
void check_standard_references(Configuration& configuration) {
  const auto directory = config::service_directory(configuration.settings());
  if (!directory) return;
  const auto& services = configuration.services();
  const bool takes_mail = std::any_of(services.begin(), services.end(), [](const config::Service& service) {
    return service.command == "smtpd" || service.command == "cleanup" || service.command == "qmgr";
  });
  if (!takes_mail) return;
  for (const Row& row : kRows) {
    if (row.program.empty() || configuration.find_setting(row.parameter) != nullptr) continue;
    if (folded_into(row.program) || ::access(concat(*directory, "/", row.program).c_str(), X_OK) != 0)
      continue;
    const auto value = configuration.settings().value(row.parameter);
    const auto why =
        value ? missing(configuration, table::parse_destination(*value).transport, row.folder) : std::nullopt;
    if (!why) continue;
    const bool needed = row.program == "cleanup" || row.program == "qmgr";
    configuration.add({needed || row.parameter == "default_transport" ? Severity::error : Severity::warning,
                       configuration.master().path(), 0, concat("parameter ", row.parameter, ": ", *why),
                       std::string(row.parameter)});
  }
}

void check_socket(Configuration& configuration, const Setting& setting, std::string_view word) {
  const auto plain = config::without_braces(word);
  const auto parts = plain ? split_words(*plain) : std::vector<std::string_view>();
  if (parts.empty()) return;
  const auto address = parts.front();
  const auto colon = address.find(':');
  if (colon == address.npos || (address.substr(0, colon) != "unix" && address.substr(0, colon) != "local"))
    return;
  const auto path = address.substr(colon + 1);
  const bool is_private = path.starts_with("private/");
  if (!is_private && !path.starts_with("public/")) return;
  const auto name = path.substr(path.find('/') + 1);
  for (const auto* service : configuration.local_services(name)) {
    if (service->private_ == is_private) return;
  }
  struct stat status {};
  const auto queue = configuration.settings().value("queue_directory");
  if (queue && ::stat(concat(*queue, "/", path).c_str(), &status) == 0) return;
  configuration.about(Severity::warning, setting,
                      concat(setting.name, ": neither a service of master.cf nor a socket: ",
                             config::shown(address), configuration.likely_service(name)));
}

}  // namespace postern::check
