#include "lib/daemon/scoreboard.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lib/base/text.h"

namespace postern::daemon {

using scoreboard::copy_name;
using scoreboard::Header;
using scoreboard::Kind;
using scoreboard::Page;
using scoreboard::Value;

namespace {

// The lowest number that is not taken; it is then.
std::optional<unsigned> take_lowest(std::vector<bool>& taken) {
  const auto free = std::find(taken.begin(), taken.end(), false);
  if (free == taken.end()) return std::nullopt;
  *free = true;
  return static_cast<unsigned>(free - taken.begin());
}

}  // namespace

Result<Scoreboard> Scoreboard::create(std::string_view version, std::string_view configuration) {
  Scoreboard board;
  board.fd_ = Fd(::memfd_create("postern-scoreboard", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!board.fd_ || ::ftruncate(board.fd_.get(), scoreboard::kSize) != 0) {
    return fail_errno("create the scoreboard", errno);
  }
  // A child that could shrink it would kill everybody who looks at it.
  if (::fcntl(board.fd_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return fail_errno("seal the scoreboard", errno);
  }
  auto memory = Mapping::map(board.fd_.get(), 0, scoreboard::kSize, Mapping::Access::write);
  if (!memory) return fail(memory.error());
  board.memory_ = std::move(*memory);
  Header& header = board.header();
  std::memcpy(header.magic, scoreboard::kMagic, sizeof header.magic);
  header.layout = scoreboard::kLayout;
  header.slots = kSlots;
  header.values = scoreboard::kValues;
  header.master = static_cast<std::uint32_t>(::getpid());
  header.started = wall_micros();
  copy_name(header.version, version);
  copy_name(header.configuration, configuration);
  return board;
}

Result<Scoreboard> Scoreboard::resume(Fd memory, std::string_view version,
                                      const std::vector<unsigned>& used) {
  auto mapped = scoreboard::map_whole(memory.get(), "the scoreboard", Mapping::Access::write);
  if (!mapped) return fail(mapped.error());
  Scoreboard board;
  board.fd_ = std::move(memory);
  board.memory_ = std::move(*mapped);
  Header& header = board.header();
  copy_name(header.version, version);
  ++header.upgrades;
  for (std::uint32_t row = 0; row < header.used_rows && row < scoreboard::kRows; ++row) board.free_row(row);
  for (unsigned slot = 0; slot < kSlots; ++slot) {
    board.taken_[slot] = std::find(used.begin(), used.end(), slot) != used.end();
  }
  if (const auto report = read_report(header.report)) board.report_ = *report;
  return board;
}

Header& Scoreboard::header() const { return scoreboard::header_at(memory_); }

Page& Scoreboard::page(unsigned slot) const { return scoreboard::page_at(memory_, slot); }

// It must be seen by whoever sees the files after us: master reads them next.
void Scoreboard::begin_load() { header().loads_begun.fetch_add(1); }

void Scoreboard::load_succeeded(const config::Digest& texts, std::uint32_t generation) {
  header().generation = generation;
  const std::int64_t now = wall_micros();
  report_ = {header().loads_begun, generation, now, now, texts, true, ""};
  write_report(header().report, report_);
}

void Scoreboard::load_failed(const config::Digest& texts, std::string_view reason) {
  report_.number = header().loads_begun;
  report_.ended = wall_micros();
  report_.digest = texts;
  report_.succeeded = false;
  report_.reason = reason;
  write_report(header().report, report_);
}

Result<unsigned> Scoreboard::take_slot() {
  const auto slot = take_lowest(taken_);
  if (!slot) return fail(Errc::full, concat("there are ", kSlots, " processes already"));
  header().used = std::max(header().used.load(), *slot + 1);
  return *slot;
}

void Scoreboard::hold(unsigned slot) {
  taken_[slot] = true;
  header().used = std::max(header().used.load(), slot + 1);
}

void Scoreboard::expect(unsigned slot, const Occupant& who) const {
  Page& own = page(slot);
  scoreboard::empty_values(own);
  copy_name(own.program, who.program);
  copy_name(own.service, who.service);
  own.row = who.row;
  own.generation = who.generation;
  own.state = State::starting;
  own.turns = 0;
  own.started = wall_micros();
}

void Scoreboard::started(unsigned slot, pid_t pid) const {
  page(slot).pid.store(static_cast<std::uint32_t>(pid), std::memory_order_release);
}

std::uint64_t Scoreboard::value_of(unsigned slot, std::string_view name) const {
  for (const Value& value : page(slot).values) {
    if (value.kind.load(std::memory_order_acquire) == Kind::unused) break;
    if (scoreboard::read_name(value.name) == name) return value.number.load(std::memory_order_relaxed);
  }
  return 0;
}

void Scoreboard::free_slot(unsigned slot) {
  taken_[slot] = false;
  page(slot).pid.store(0, std::memory_order_release);
  scoreboard::empty_values(page(slot));
}

std::optional<std::uint32_t> Scoreboard::take_row() {
  const auto row = take_lowest(taken_rows_);
  if (row) header().used_rows = std::max(header().used_rows.load(), *row + 1);
  return row;
}

void Scoreboard::write_row(std::uint32_t row, const ServiceReport& report) const {
  scoreboard::row_at(memory_, row).write(format_report(report, sizeof(scoreboard::Row::bytes)));
}

void Scoreboard::free_row(std::uint32_t row) {
  taken_rows_[row] = false;
  scoreboard::row_at(memory_, row).write("");
}

}  // namespace postern::daemon
