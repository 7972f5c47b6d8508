#include "lib/control/upgrade.h"

#include <signal.h>

#include <algorithm>
#include <optional>

#include "lib/base/text.h"
#include "lib/control/processes.h"
#include "lib/daemon/scoreboard_reader.h"

namespace postern::control {

namespace {

using daemon::ScoreboardReader;

// Masters with an older scoreboard would end at our signal.
constexpr std::uint32_t kFirstLayout = 3;
constexpr Duration kFirstLook = milliseconds(1);
constexpr Duration kLastLook = milliseconds(20);

// What stood on the scoreboard; nothing that we could read when it is of another layout.
struct Before {
  std::uint64_t loads = 0;
  std::uint32_t upgrades = 0;
  bool other_layout = false;
};

Result<Before> look(const std::string& path) {
  const auto layout = ScoreboardReader::layout(path);
  if (!layout) return fail(layout.error());
  if (*layout < kFirstLayout) {
    return fail(Errc::busy,
                "the master that runs does not know how to upgrade: stop the mail system and start it again");
  }
  const auto board = ScoreboardReader::open(path);
  if (!board) return Before{0, 0, true};
  return Before{board->loads_begun(), board->upgrades(), false};
}

// The end of the upgrade, if it has come.
std::optional<Result<Upgraded>> outcome(const std::string& path, const Before& before, pid_t master) {
  const auto board = ScoreboardReader::open(path);
  if (!board) return std::nullopt;
  const auto report = board->last_load();
  if (!report || report->number <= before.loads) return std::nullopt;
  const bool is_new = before.other_layout || board->upgrades() != before.upgrades;
  if (report->succeeded && !is_new) return std::nullopt;  // somebody else's reload
  if (report->succeeded) return Upgraded{master, board->version(), report->generation};
  return fail(
      Errc::invalid,
      concat(is_new ? "the new program runs, with the configuration from before: " : "", report->reason));
}

}  // namespace

Result<Upgraded> upgrade(const MailSystem& system, Duration limit) {
  const auto pid = system.running_master();
  if (!pid) return fail(pid.error());
  const auto master = Process::open(*pid);
  if (!master) return fail(master.error());
  const std::string path = system.scoreboard();
  const auto before = look(path);
  if (!before) return fail(before.error());
  const Deadline deadline = std::chrono::steady_clock::now() + limit;
  auto told = master->send_signal(SIGUSR2);
  if (!told) return fail(told.error());
  for (Duration wait = kFirstLook;; wait = std::min(2 * wait, kLastLook)) {
    if (master->ends_within(wait))
      return fail(Errc::lost, concat("process ", *pid, " ended during the upgrade"));
    if (auto end = outcome(path, *before, *pid)) return std::move(*end);
    if (std::chrono::steady_clock::now() < deadline) continue;
    return fail(Errc::timeout, concat("process ", *pid, " was not replaced; its log may say why"));
  }
}

}  // namespace postern::control
