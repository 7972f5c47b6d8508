#include "postconf/run.h"

#include <cstdlib>

#include "lib/base/text.h"
#include "postconf/change.h"
#include "postconf/configuration.h"
#include "postconf/explain.h"
#include "postconf/history.h"
#include "postconf/judge.h"
#include "postconf/lists.h"
#include "postconf/main_query.h"
#include "postconf/options.h"
#include "postconf/running_query.h"
#include "postconf/service_query.h"
#include "postconf/templates.h"

namespace postern::postconf {

namespace {

constexpr int kUnchanged = 2, kNotFound = 3;  // exit statuses of --status

bool is_list(Space space) {
  return space == Space::maps || space == Space::locks || space == Space::sasl_servers ||
         space == Space::sasl_clients || space == Space::tls;
}

bool is_template(Space space) { return space == Space::templates || space == Space::expanded_templates; }

Result<void> show(const Request& request, Output& output) {
  if (is_template(request.step().space)) return show_templates(request, output);
  if (request.step().space == Space::running) return show_running(request, output);
  const auto configuration = Configuration::read(request, output);
  if (!configuration) return fail(configuration.error());
  if (request.task == Task::explain) return explain(request, *configuration, output);
  return request.step().space == Space::main ? show_main(request, *configuration, output)
                                             : show_services(request, *configuration, output);
}

int status_of(const Request& request, const Output& output) {
  if (output.failed) return EXIT_FAILURE;
  if (!request.status) return EXIT_SUCCESS;
  if (output.missing) return kNotFound;
  const bool edits = request.task == Task::edit || request.task == Task::apply || request.task == Task::undo;
  return edits && !output.changed ? kUnchanged : EXIT_SUCCESS;
}

Result<int> perform(const Request& request, Output& output) {
  if (request.task == Task::query && is_list(request.step().space)) return show_list(request, output);
  Result<void> done;
  switch (request.task) {
    case Task::help: output.out += help_text(); break;
    case Task::check: done = judge(request, output); break;
    case Task::history: done = show_history(request, output); break;
    case Task::explain:
    case Task::query: done = show(request, output); break;
    default: done = change(request, output);
  }
  if (!done) return fail(done.error());
  return status_of(request, output);
}

}  // namespace

int run(const std::vector<std::string>& arguments, const char* mail_config, Output& output) {
  const auto request = parse_arguments(arguments, mail_config);
  output.quiet = request && request->quiet;
  const auto status = request ? perform(*request, output) : Result<int>(fail(request.error()));
  if (status) return *status;
  output.err += concat("postconf: fatal: ", printable(status.error().text), "\n");
  const bool is_missing = output.missing && status.error().kind == Errc::not_found;
  return request && request->status && is_missing ? kNotFound : EXIT_FAILURE;
}

}  // namespace postern::postconf
