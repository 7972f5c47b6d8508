#include <unistd.h>

#include "lib/base/text.h"
#include "lib/check/configuration.h"
#include "lib/config/command_words.h"
#include "lib/config/params/command_params.h"

namespace postern::check {

namespace {

void check_command(Configuration& configuration, const config::Service& service) {
  const auto command = config::parse_command_words(service.operands);
  if (!command) {
    configuration.about_service(Severity::error, service, command.error().text);
    return;
  }
  const std::string& path = command->words.front();
  if (path.front() == '/' && ::access(path.c_str(), X_OK) != 0 && !service.chroot) {
    configuration.about_service(Severity::warning, service, concat("no program ", path));
  }
  // Without root it runs as who we are, whatever stands there.
  if (service.unprivileged && ::geteuid() == 0) {
    configuration.about_service(
        Severity::warning, service,
        concat("cannot run a command as user ", command->user, ": write n in the fourth field"));
  }
}

}  // namespace

void check_commands(Configuration& configuration) {
  for (const config::Service& service : configuration.services()) {
    if (service.command != "spawn") continue;
    check_command(configuration, service);
    config::TimeLimitParams limit(service.name);
    const std::string& name = limit.time_limit.name();
    if (configuration.find_setting(name) == nullptr) continue;
    const auto loaded = limit.load(configuration.settings());
    if (!loaded) configuration.about_parameter(Severity::error, name, loaded.error().text);
  }
}

}  // namespace postern::check
