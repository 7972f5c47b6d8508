#include "lib/control/reload.h"

#include <signal.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/config/texts.h"
#include "lib/control/processes.h"
#include "lib/daemon/scoreboard_reader.h"

namespace postern::control {

namespace {

using config::Digest;
using daemon::LoadReport;
using daemon::ScoreboardReader;

constexpr Duration kFirstLook = milliseconds(1);
constexpr Duration kLastLook = milliseconds(2);
// Before master is asked again about texts that others go on to change.
constexpr Duration kPause = milliseconds(20);

Digest texts_of(const MailSystem& system) { return config::Texts::read(system.directory()).digest(); }

// Texts that one of us could not read are whatever the other one says.
bool same_texts(const Digest& a, const Digest& b) { return a == b || a == Digest{} || b == Digest{}; }

constexpr std::size_t kLongestName = sizeof(daemon::scoreboard::Header::configuration) - 1;

// A master, its scoreboard, and how long we may take.
struct Question {
  Process master;
  ScoreboardReader board;
  Deadline deadline;
  Duration limit;
};

Result<ScoreboardReader> board_of(const MailSystem& system, pid_t pid) {
  auto board = ScoreboardReader::open(system.scoreboard());
  if (!board && board.error().kind != Errc::invalid) return board;
  const std::string who = concat("process ", pid, " is a master ");
  if (!board) return fail(Errc::busy, who + "of another version: stop the mail system and start it again");
  // The process that we hold is the one that had the lock, not one that got its id since.
  if (system.master() != pid || board->master() != static_cast<std::uint32_t>(pid)) {
    return fail(Errc::lost, concat("process ", pid, " has ended"));
  }
  const std::string theirs = board->configuration();
  if (system.directory().substr(0, kLongestName) != theirs) {
    return fail(Errc::busy,
                concat(who, "with the configuration in ", theirs, ", not in ", system.directory()));
  }
  return board;
}

Result<Question> begin(const MailSystem& system, Duration limit) {
  const auto pid = system.running_master();
  if (!pid) return fail(pid.error());
  auto master = Process::open(*pid);
  if (!master) return fail(master.error());
  auto allowed = master->send_signal(0);
  if (!allowed) return fail(allowed.error());
  auto board = board_of(system, *pid);
  if (!board) return fail(board.error());
  return Question{std::move(*master), std::move(*board), std::chrono::steady_clock::now() + limit, limit};
}

Failure too_late(const Question& question, std::uint64_t before) {
  const bool has_begun = question.board.loads_begun() > before;
  return fail(Errc::timeout, concat("process ", question.master.pid(),
                                    has_begun ? " has not ended" : " has not begun", " the reload after ",
                                    std::chrono::duration_cast<seconds>(question.limit).count(), " s"));
}

// The report on a load that began after that many others.
Result<LoadReport> report_after(const Question& question, std::uint64_t before) {
  for (Duration wait = kFirstLook;; wait = std::min(2 * wait, kLastLook)) {
    if (question.master.ends_within(wait)) {
      return fail(Errc::lost, concat("process ", question.master.pid(), " ended during the reload"));
    }
    auto report = question.board.last_load();
    if (report && report->number > before) return std::move(*report);
    if (std::chrono::steady_clock::now() >= question.deadline) return too_late(question, before);
  }
}

Failure restless(const MailSystem& system) {
  return fail(Errc::timeout, concat("main.cf and master.cf in ", system.directory(), " change all the time"));
}

}  // namespace

Result<InForce> reload(const MailSystem& system, Duration limit) {
  const auto question = begin(system, limit);
  if (!question) return fail(question.error());
  for (bool changed = false;; changed = true) {
    const std::uint64_t before = question->board.loads_begun();
    const Digest asked = texts_of(system);
    auto told = question->master.send_signal(SIGHUP);
    if (!told) return fail(told.error());
    const auto report = report_after(*question, before);
    if (!report && changed && report.error().kind == Errc::timeout) return restless(system);
    if (!report) return fail(report.error());
    // Master read what somebody wrote meanwhile, and who has written again since: then we ask again.
    if (!same_texts(report->digest, asked) && !same_texts(report->digest, texts_of(system))) {
      if (std::chrono::steady_clock::now() >= question->deadline) return restless(system);
      question->master.ends_within(kPause);
      continue;
    }
    if (!report->succeeded) return fail(Errc::invalid, report->reason);
    return InForce{question->master.pid(), report->generation};
  }
}

}  // namespace postern::control
