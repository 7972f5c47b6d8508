#include "commands/postern/watch.h"

#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <optional>
#include <thread>

#include "commands/postern/rates.h"
#include "commands/postern/screen.h"
#include "commands/postern/status_text.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/control/status_pairs.h"

namespace postern::commands {

namespace {

using control::MailSystem;
using control::SystemStatus;

std::string time_of_day() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  char text[16];
  return std::string(text, std::strftime(text, sizeof text, "%H:%M:%S", &parts));
}

std::string in_seconds(Duration interval) {
  const auto tenths = std::chrono::round<std::chrono::duration<std::int64_t, std::deci>>(interval).count();
  return concat(tenths / 10, tenths % 10 == 0 ? "" : concat(".", tenths % 10), "s");
}

// One look after the other at a system whose master may go and come back.
class Looks {
 public:
  explicit Looks(MailSystem system) : directory_(system.directory()), system_(std::move(system)) {}

  Result<SystemStatus> next() {
    if (!system_) {
      auto opened = MailSystem::find(directory_);
      if (!opened) return fail(opened.error());
      system_ = std::move(*opened);
    }
    auto status = control::look(*system_);
    // The next master may have its files elsewhere.
    if (!status) system_.reset();
    if (status) rates_.look(*status);
    return status;
  }

  const Rates& rates() const { return rates_; }

 private:
  std::string directory_;
  std::optional<MailSystem> system_;
  Rates rates_;
};

std::vector<Line> lines_of(const Result<SystemStatus>& status, const Rates& rates) {
  if (status) return status_lines(*status, &rates);
  return {{"", "  ", styled(Style::bad, printable(status.error().text))}};
}

Result<int> watch_on_screen(Looks& looks, const Watch& watch) {
  auto screen = Screen::take();
  if (!screen) return fail(screen.error());
  std::vector<Line> lines;
  auto event = Screen::Event::time;
  Deadline next = std::chrono::steady_clock::now();
  while (event != Screen::Event::end) {
    if (event == Screen::Event::time) {
      lines = lines_of(looks.next(), looks.rates());
      const std::string head = concat(time_of_day(), ", every ", in_seconds(watch.interval), ", q ends");
      lines.insert(lines.begin(), {"", "", styled(Style::faint, head)});
      next = std::max(next, std::chrono::steady_clock::now() - watch.interval) + watch.interval;
    }
    auto drawn = screen->draw(lines);
    if (!drawn) return EXIT_SUCCESS;  // the terminal was closed: nobody watches any more
    event = screen->wait(next);
  }
  return EXIT_SUCCESS;
}

std::string block_of(const Result<SystemStatus>& status, const Rates& rates, bool json) {
  if (json && status) return control::status_json(*status);
  if (json) return JsonObject().add("error", status.error().text).text() + "\n";
  std::string block = time_of_day() + "\n";
  for (const std::string& line : laid_out(lines_of(status, rates), canvas_of_output())) block += line + "\n";
  return block + "\n";
}

Result<int> watch_in_blocks(Looks& looks, const Watch& watch) {
  for (Deadline next = std::chrono::steady_clock::now();; std::this_thread::sleep_until(next)) {
    const auto status = looks.next();
    auto written = write_all(STDOUT_FILENO, block_of(status, looks.rates(), watch.json), "standard output");
    if (!written) return fail(written.error());
    next = std::max(next, std::chrono::steady_clock::now() - watch.interval) + watch.interval;
  }
}

}  // namespace

Result<int> watch(const Watch& watch) {
  auto system = MailSystem::find(watch.directory);
  if (!system) return fail(system.error());
  Looks looks(std::move(*system));
  return is_screen() && !watch.json ? watch_on_screen(looks, watch) : watch_in_blocks(looks, watch);
}

}  // namespace postern::commands
