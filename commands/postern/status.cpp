#include "commands/postern/status.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "commands/postern/screen.h"
#include "commands/postern/status_text.h"
#include "commands/postern/watch.h"
#include "lib/base/text.h"
#include "lib/control/status_pairs.h"

namespace postern::commands {

namespace {

using control::MailSystem;

constexpr std::string_view kWatch = "--watch";

// Between a tenth of a second and a day.
Result<Duration> interval_of(std::string_view text) {
  double number = 0;
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || !(number >= 0.1 && number <= 86400)) {
    return fail(Errc::invalid, concat(kWatch, ": seconds, from 0.1 to 86400: ", text));
  }
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(number));
}

// --watch, --watch=SECONDS, or --watch SECONDS: a query always has a slash.
Result<std::optional<Duration>> take_watch(std::vector<std::string>& words) {
  std::optional<Duration> every;
  for (auto at = words.begin(); at != words.end();) {
    const bool has_value = at->starts_with("--watch=");
    if (*at != kWatch && !has_value) {
      ++at;
      continue;
    }
    std::string value = has_value ? at->substr(kWatch.size() + 1) : "1";
    at = words.erase(at);
    if (!has_value && at != words.end() && !at->starts_with("-") && at->find('/') == std::string::npos) {
      value = *at;
      at = words.erase(at);
    }
    const auto interval = interval_of(value);
    if (!interval) return fail(interval.error());
    every = *interval;
  }
  return every;
}

Result<int> show(const StatusRequest& request, const control::SystemStatus& status) {
  std::string text;
  if (request.query) {
    const auto value = control::status_value(status, *request.query);
    if (!value) return fail(value.error());
    text = concat(*value, "\n");
  } else {
    text = request.json ? control::status_json(status) : status_text(status, canvas_of_output());
  }
  auto written = write_all(1, text, "standard output");
  if (!written) return fail(written.error());
  return EXIT_SUCCESS;
}

}  // namespace

Result<StatusRequest> parse_status(const std::vector<std::string>& all) {
  StatusRequest request;
  auto left = all;
  const auto every = take_watch(left);
  if (!every) return fail(every.error());
  request.watch = *every;
  Words words(std::move(left));
  request.json = words.flag("--json");
  auto option = words.value("--value");
  if (!option) return fail(option.error());
  const auto rest = words.rest(option->has_value() ? 0 : 1);
  if (!rest) return fail(rest.error());
  request.query = std::move(*option);
  if (!rest->empty()) request.query = rest->front();
  if (request.query && (request.json || request.watch)) {
    return fail(Errc::invalid, concat("a number is shown once and as it is, without ",
                                      request.json ? "--json" : kWatch, ": ", *request.query));
  }
  return request;
}

Result<int> status(const Arguments& arguments) {
  const auto request = parse_status(arguments.words);
  if (!request) return fail(request.error());
  if (request->watch) return watch({arguments.directory, *request->watch, request->json});
  const auto system = MailSystem::find(arguments.directory);
  if (!system) return fail(system.error());
  const auto status = control::look(*system);
  if (!status) return fail(status.error());
  return show(*request, *status);
}

}  // namespace postern::commands
