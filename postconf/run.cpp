#include "postconf/run.h"

#include <cstdlib>

#include "lib/base/text.h"
#include "postconf/configuration.h"
#include "postconf/lists.h"
#include "postconf/main_edit.h"
#include "postconf/main_query.h"
#include "postconf/service_edit.h"
#include "postconf/service_query.h"
#include "postconf/templates.h"

namespace postern::postconf {

namespace {

bool is_template(Space space) { return space == Space::templates || space == Space::expanded_templates; }

bool is_list(Space space) {
  return space != Space::main && space != Space::services && space != Space::fields &&
         space != Space::overrides;
}

Result<int> perform(const Request& request, Output& output) {
  Result<void> done;
  if (is_template(request.space)) {
    done = show_templates(request, output);
  } else if (is_list(request.space)) {
    return show_list(request, output);
  } else if (request.verb == Verb::show) {
    const auto configuration = Configuration::read(request, output);
    if (!configuration) return fail(configuration.error());
    done = request.space == Space::main ? show_main(request, *configuration, output)
                                        : show_services(request, *configuration, output);
  } else {
    done = request.space == Space::main ? edit_main(request, output) : edit_services(request, output);
  }
  if (!done) return fail(done.error());
  return EXIT_SUCCESS;
}

}  // namespace

int run(const std::vector<std::string>& arguments, const char* mail_config, Output& output) {
  const auto request = parse_arguments(arguments, mail_config);
  output.quiet = request && request->quiet;
  const auto status = request ? perform(*request, output) : Result<int>(fail(request.error()));
  if (status) return *status;
  output.err += concat("postconf: fatal: ", printable(status.error().text), "\n");
  return EXIT_FAILURE;
}

}  // namespace postern::postconf
