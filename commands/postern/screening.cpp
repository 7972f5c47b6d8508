#include "commands/postern/screening.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "commands/postern/screen.h"
#include "commands/postern/screening_text.h"
#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/config/params/screen_params.h"
#include "lib/control/status.h"
#include "lib/daemon/acting_as.h"
#include "lib/queue/value.h"
#include "lib/screening/cache_map.h"

namespace postern::commands {

namespace {

using control::MailSystem;
using screening::Database;

constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kMicros = 1'000'000;
constexpr std::int64_t kFirstSecond = 100'000'000;  // in 1973
constexpr std::string_view kProgram = "screen";

// "90m", "24h", "7d", "1w2d": in seconds. A number without a unit could be meant as hours.
std::optional<std::int64_t> parse_span(std::string_view text) {
  if (text.empty() || is_digit(text.back())) return std::nullopt;
  const auto micros = queue::parse_duration(text);
  return micros ? std::optional(*micros / kMicros) : std::nullopt;
}

// A point in time, in seconds since 1970: a date, where it begins; or how long ago. A small number names no second, but could
// be meant as hours.
std::optional<std::int64_t> parse_time(std::string_view text, std::int64_t now) {
  if (const auto span = parse_span(text)) return now - *span;
  if (parse_number(text).value_or(kFirstSecond) < kFirstSecond) return std::nullopt;
  const auto date = queue::parse_date(text, now * kMicros);
  return date ? std::optional(date->begin / kMicros) : std::nullopt;
}

Result<std::optional<std::int64_t>> take_time(Words& words, std::string_view option, std::int64_t now) {
  const auto text = words.value(option);
  if (!text) return fail(text.error());
  if (!*text) return std::optional<std::int64_t>();
  const auto time = parse_time(**text, now);
  if (time) return time;
  return fail(Errc::invalid,
              concat(option, ": a time is written as 2026-11-26, \"2026-11-26 05:00\" or 24h: ",
                     printable(**text, 100)));
}

Result<std::optional<Hours>> take_period(Words& words, std::int64_t now) {
  const auto last = words.value("--last");
  if (!last) return fail(last.error());
  const auto since = take_time(words, "--since", now);
  if (!since) return fail(since.error());
  const auto until = take_time(words, "--until", now);
  if (!until) return fail(until.error());
  if (!*last && !*since && !*until) return std::optional<Hours>();
  if (*last && (*since || *until)) return fail(Errc::invalid, "--last does not go with --since or --until");
  std::int64_t first = since->value_or(0);
  if (*last) {
    const auto span = parse_span(**last);
    if (!span) {
      return fail(Errc::invalid,
                  concat("--last: a time is written as 90m, 24h, 7d or 4w: ", printable(**last, 100)));
    }
    first = now - *span;
  }
  first = std::max<std::int64_t>(first, 0);
  const std::int64_t end = until->value_or(now);
  if (end < first) return fail(Errc::invalid, "--until is before --since");
  // The hour that begins at the end is not part of it; one that began at `now` is.
  return Hours{first / kHour, *until && end % kHour == 0 && end > first ? end / kHour - 1 : end / kHour};
}

// The file as root sees it, but with the rights of its owner, who could have put anything in its place.
Result<ScreeningView> look_back(const MailSystem& system, const ScreeningRequest& request) {
  config::ScreenParams params;
  auto loaded = params.load(system.settings());
  if (!loaded) return fail(loaded.error());
  std::string file = request.file.value_or("");
  if (file.empty()) {
    const auto map = screening::read_cache_map(*params.cache_map, *system.common().data_directory);
    if (!map) return fail(map.error());
    file = map->file;
  }
  if (file.empty()) return fail(Errc::not_found, concat(*params.cache_map, ": keeps no statistics"));
  const auto acting = daemon::ActingAs::become(*system.common().mail_owner);
  if (!acting) return fail(acting.error());
  auto database = Database::open(file, Database::Access::read);
  if (!database) return fail(database.error());
  ScreeningView view;
  view.end = std::min((request.period->last + 1) * kHour, wall_seconds());
  auto report =
      screening::report_of(**database, request.period->first, request.period->last, request.networks);
  if (!report) return fail(report.error());
  // From the beginning is from the first hour that there is.
  const auto first =
      request.period->first == 0 ? report->first.value_or(request.period->last) : request.period->first;
  view.first = first * kHour;
  view.report = std::move(*report);
  return view;
}

Result<ScreeningView> look_now(const MailSystem& system, int networks) {
  const auto status = control::look(system);
  if (!status) {
    return fail(status.error().kind, concat(status.error().text, "; --last 24h shows what was"));
  }
  auto view = view_of(*status, kProgram, static_cast<std::size_t>(networks));
  if (!view)
    return fail(Errc::not_found,
                "no screen has run since the mail system was started; --last 24h shows what was");
  return std::move(*view);
}

Result<ScreeningView> look(const Arguments& arguments, const ScreeningRequest& request) {
  if (!request.period) {
    const auto system = MailSystem::find(arguments.directory);
    if (!system) return fail(system.error());
    return look_now(*system, request.networks);
  }
  const auto system = MailSystem::open(arguments.directory);
  if (!system) return fail(system.error());
  return look_back(*system, request);
}

}  // namespace

Result<ScreeningRequest> parse_screening(const std::vector<std::string>& all, std::int64_t now) {
  Words words(all);
  ScreeningRequest request;
  request.json = words.flag("--json");
  const auto period = take_period(words, now);
  if (!period) return fail(period.error());
  request.period = *period;
  auto file = words.value("--file");
  if (!file) return fail(file.error());
  request.file = std::move(*file);
  const auto networks = words.value("--networks");
  if (!networks) return fail(networks.error());
  const auto rest = words.rest(0);
  if (!rest) return fail(rest.error());
  if (request.file && !request.period) return fail(Errc::invalid, "--file needs a period: --last 24h");
  if (*networks) {
    const auto number = parse_number(**networks);
    if (!number || *number > 100'000)
      return fail(Errc::invalid, concat("--networks: a number up to 100000: ", **networks));
    request.networks = static_cast<int>(*number);
  }
  return request;
}

Result<int> screening(const Arguments& arguments) {
  ::tzset();
  const auto request = parse_screening(arguments.words, wall_seconds());
  if (!request) return fail(request.error());
  const auto view = look(arguments, *request);
  if (!view) return fail(view.error());
  const std::string text = request->json ? screening_json(*view) : screening_text(*view, canvas_of_output());
  auto written = write_all(1, text, "standard output");
  if (!written) return fail(written.error());
  return EXIT_SUCCESS;
}

}  // namespace postern::commands
