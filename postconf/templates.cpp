#include "postconf/templates.h"

#include "lib/base/text.h"
#include "lib/config/bounce_template.h"

namespace postern::postconf {

namespace {

Result<config::Settings> read_settings(const Request& request, Output& output) {
  auto main = config::MainCf::read(concat(request.directory, "/main.cf"));
  if (!main) return fail(main.error());
  const auto* own = main->find("config_directory");
  if (request.directory_named && own != nullptr) {
    output.warn(concat(main->path(), ", line ", own->line,
                       ": overriding earlier entry: config_directory=", request.directory));
  }
  for (const auto& warning : main->warnings()) output.warn(warning);
  auto settings = config::Settings::of(std::move(*main), request.directory);
  // The texts are those of the program that sends notifications.
  settings.override("process_name", "bounce");
  settings.override("service_name", "bounce");
  return settings;
}

Result<std::string> shown(const config::BounceTemplate& one, const Request& request,
                          const config::Settings& settings, Output& output) {
  if (request.step().space == Space::templates) return config::in_file_format(one);
  const auto text = config::expanded_text(one, settings, [&](std::string_view what) { output.warn(what); });
  if (!text) return text;
  return config::here_document(concat("expanded_", config::name_of(one.kind), "_text"), *text);
}

}  // namespace

Result<void> show_templates(const Request& request, Output& output) {
  if (request.step().words.size() > 1)
    return fail(Errc::invalid, "options -b and -t require at most one template file");
  const auto settings = read_settings(request, output);
  if (!settings) return fail(settings.error());
  const auto path = request.step().words.empty() ? settings->value("bounce_template_file")
                                                 : Result<std::string>(request.step().words[0]);
  if (!path) return fail(path.error());
  const auto templates = config::BounceTemplates::read(*path);
  if (!templates) return fail(templates.error());
  for (const auto& warning : templates->warnings()) output.warn(warning);
  std::string all;
  for (const auto kind : config::kBounceKinds) {
    const auto one = shown(templates->of(kind), request, *settings, output);
    if (!one) return fail(one.error());
    all += concat(all.empty() ? "" : "\n", *one);
  }
  output.out += all;
  return {};
}

}  // namespace postern::postconf
