#include <unistd.h>

#include "lib/base/text.h"
#include "lib/check/configuration.h"
#include "lib/config/command_words.h"
#include "lib/config/params/command_params.h"
#include "lib/config/pipe_attributes.h"

namespace postern::check {

namespace {

Result<config::CommandWords> command_of(const config::Service& service) {
  if (service.command == "spawn") return config::parse_command_words(service.operands);
  auto attributes = config::parse_pipe_attributes(service.operands);
  if (!attributes) return fail(attributes.error());
  return std::move(attributes->command);
}

void check_command(Configuration& configuration, const config::Service& service) {
  const auto command = command_of(service);
  if (!command) {
    configuration.about_service(Severity::error, service, command.error().text);
    return;
  }
  const std::string& path = command->words.front();
  if (path.front() == '/' && ::access(path.c_str(), X_OK) != 0 && !service.chroot) {
    configuration.about_service(Severity::warning, service, concat("no program ", path));
  }
  // Without root it runs as who we are, whatever stands there. Of pipe it is said with the other services.
  if (service.command == "spawn" && service.unprivileged && ::geteuid() == 0) {
    configuration.about_service(
        Severity::warning, service,
        concat("cannot run a command as user ", command->user, ": write n in the fourth field"));
  }
}

}  // namespace

void check_commands(Configuration& configuration) {
  for (const config::Service& service : configuration.services()) {
    if (service.command != "spawn" && service.command != "pipe") continue;
    check_command(configuration, service);
    config::TimeLimitParams limit(service.name);
    const std::string& name = limit.time_limit.name();
    if (configuration.find_setting(name) == nullptr) continue;
    const auto loaded = limit.load(configuration.settings());
    if (!loaded) configuration.about_parameter(Severity::error, name, loaded.error().text);
  }
}

}  // namespace postern::check
