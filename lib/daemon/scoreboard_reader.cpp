#include "lib/daemon/scoreboard_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "lib/base/fd.h"
#include "lib/base/text.h"

namespace postern::daemon {

using scoreboard::Header;
using scoreboard::Kind;
using scoreboard::Page;
using scoreboard::read_name;
using scoreboard::Value;

namespace {

Row read_row(const Page& page, unsigned slot) {
  Row row;
  row.slot = slot;
  row.pid = page.pid.load(std::memory_order_acquire);
  row.state = page.state.load(std::memory_order_relaxed);
  row.generation = page.generation.load(std::memory_order_relaxed);
  row.started = page.started.load(std::memory_order_relaxed);
  row.service_row = page.row.load(std::memory_order_relaxed);
  row.program = read_name(page.program);
  row.service = read_name(page.service);
  for (const Value& value : page.values) {
    const Kind kind = value.kind.load(std::memory_order_acquire);
    if (kind == Kind::unused) break;
    const std::string name = read_name(value.name);
    const std::uint64_t number = value.number.load(std::memory_order_acquire);
    if (kind != Kind::hidden && value.kind.load(std::memory_order_relaxed) == kind) {
      row.values.emplace_back(name, number);
    }
  }
  return row;
}

}  // namespace

Result<ScoreboardReader> ScoreboardReader::open(const std::string& path) {
  auto fd = open_file(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return fail(fd.error());
  auto memory = scoreboard::map_whole(fd->get(), path, Mapping::Access::read);
  if (!memory) return fail(memory.error());
  ScoreboardReader reader;
  reader.memory_ = std::move(*memory);
  return reader;
}

Result<std::uint32_t> ScoreboardReader::layout(const std::string& path) {
  auto fd = open_file(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return fail(fd.error());
  char start[sizeof(Header::magic) + sizeof(Header::layout)];
  const bool whole = ::pread(fd->get(), start, sizeof start, 0) == static_cast<ssize_t>(sizeof start);
  if (!whole || std::memcmp(start, scoreboard::kMagic, sizeof scoreboard::kMagic) != 0) {
    return fail(Errc::invalid, concat(path, ": not a scoreboard"));
  }
  std::uint32_t layout = 0;
  std::memcpy(&layout, start + sizeof(Header::magic), sizeof layout);
  return layout;
}

const Header& ScoreboardReader::header() const { return scoreboard::header_at(memory_); }

std::uint32_t ScoreboardReader::master() const { return header().master; }

std::int64_t ScoreboardReader::started() const { return header().started; }

std::string ScoreboardReader::version() const { return read_name(header().version); }

std::string ScoreboardReader::configuration() const { return read_name(header().configuration); }

std::uint64_t ScoreboardReader::loads_begun() const { return header().loads_begun; }

std::uint32_t ScoreboardReader::upgrades() const { return header().upgrades; }

std::optional<LoadReport> ScoreboardReader::last_load() const { return read_report(header().report); }

std::vector<Row> ScoreboardReader::rows() const {
  std::vector<Row> rows;
  const unsigned used = std::min(header().used.load(), std::uint32_t{kSlots});
  for (unsigned slot = 0; slot < used; ++slot) {
    const Page& page = scoreboard::page_at(memory_, slot);
    if (page.pid.load(std::memory_order_acquire) == 0) continue;
    rows.push_back(read_row(page, slot));
  }
  return rows;
}

std::vector<ServiceRow> ScoreboardReader::services() const {
  std::vector<ServiceRow> services;
  const std::uint32_t used = std::min(header().used_rows.load(), std::uint32_t{scoreboard::kRows});
  for (std::uint32_t row = 0; row < used; ++row) {
    const auto lines = scoreboard::row_at(memory_, row).read();
    if (lines && !lines->empty()) services.push_back({row, parse_report(*lines)});
  }
  std::stable_sort(services.begin(), services.end(),
                   [](const ServiceRow& a, const ServiceRow& b) { return a.report.line < b.report.line; });
  return services;
}

}  // namespace postern::daemon
