#include "lib/base/text.h"
#include "lib/check/configuration.h"
#include "lib/check/programs.h"
#include "lib/config/databases.h"
#include "lib/config/expand.h"
#include "lib/config/lines.h"
#include "lib/config/versions.h"

namespace postern::check {

namespace {

class NameCheck {
 public:
  explicit NameCheck(Configuration& configuration) : configuration_(configuration) {}

  void run() {
    each_setting([this](const Setting& setting) { note_uses(setting); });
    each_setting([this](const Setting& setting) { check(setting); });
    check_disabled();
  }

 private:
  template <class Action>
  void each_setting(Action action) {
    for (const Setting& setting : configuration_.settings_of_main()) action(setting);
    for (const auto& service : configuration_.services()) {
      for (std::size_t i = 0; i < service.overrides.size(); ++i) {
        const auto& [name, value] = service.overrides[i];
        action(Setting{name, value, 0, &service, i});
      }
    }
  }

  // Names of the administrator's own: referred to as $name, as a class of restrictions, or by a table of a
  // database that keeps its parameters here.
  void note_uses(const Setting& setting) {
    const auto use = [this](std::string_view name) { used_.emplace(name); };
    config::each_reference(setting.value, use);
    config::each_table_parameter(setting.value, use);
    if (setting.name != "smtpd_restriction_classes") return;
    for (const auto word : split_words(setting.value)) use(word);
  }

  // Everything that a name by itself can be wrong about.
  void check(const Setting& setting) {
    const auto* old = config::replaced(setting.name);
    if (old != nullptr) {
      const auto instead =
          old->instead.empty() ? std::string("it can go") : concat("use ", old->instead, " instead");
      configuration_.about(Severity::note, setting,
                           concat(setting.name, " is an old name (Postfix ", old->since, "): ", instead));
    }
    if (const auto* known = configuration_.catalog().find(setting.name)) {
      if (known->read_only) {
        configuration_.about(
            Severity::warning, setting,
            concat("read-only parameter assignment: ", setting.name, "=", config::shown(setting.value)));
      }
      return;
    }
    if (used_.contains(setting.name)) return;
    const auto service = config::Catalog::service_of(setting.name);
    if (!service || !belongs_to_service(setting, *service)) unknown(setting);
  }

  // SERVICE_destination_recipient_limit and its like. A transport of Postfix may come later.
  bool belongs_to_service(const Setting& setting, std::string_view service) {
    if (!configuration_.local_services(service).empty() || configuration_.is_disabled(service)) return true;
    if (is_known_program(service) || service == "relay" || service == "retry") return true;
    const auto likely = configuration_.likely_service(service);
    if (likely.empty() && !configuration_.likely_parameter(setting.name).empty()) return false;
    configuration_.about(Severity::warning, setting,
                         concat(setting.name, ": master.cf has no service ", service, likely));
    return true;
  }

  void unknown(const Setting& setting) {
    configuration_.about(Severity::warning, setting,
                         concat("unknown parameter ", config::shown(setting.name),
                                configuration_.likely_parameter(setting.name)));
  }

  void check_disabled() {
    const auto* setting = configuration_.find_setting("master_service_disable");
    const auto value = configuration_.settings().value("master_service_disable");
    if (setting == nullptr || !value) return;
    for (auto word : split_words(*value)) {
      if (word.starts_with('!')) word.remove_prefix(1);
      const auto slash = word.rfind('/');
      const auto type = config::socket_type(word.substr(slash == word.npos ? 0 : slash + 1));
      const auto name = word.substr(0, slash == word.npos ? 0 : slash);
      if (!type) {
        configuration_.about(
            Severity::warning, *setting,
            concat("master_service_disable: neither TYPE nor SERVICE/TYPE: ", config::shown(word)));
      } else if (slash != word.npos && configuration_.master().find(name, *type) == nullptr) {
        config::Likely likely(word);
        std::vector<std::string> all;
        for (const auto& service : configuration_.master().services()) {
          all.push_back(concat(service.name, "/", config::name_of(service.type)));
        }
        for (const auto& one : all) likely.offer(one);
        configuration_.about(Severity::warning, *setting,
                             concat("master_service_disable: master.cf has no service ", config::shown(word),
                                    likely.question()));
      }
    }
  }

  Configuration& configuration_;
  Names used_;
};

}  // namespace

void check_names(Configuration& configuration) { NameCheck(configuration).run(); }

}  // namespace postern::check
