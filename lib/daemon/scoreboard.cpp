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

using scoreboard::Header;
using scoreboard::kHeader;
using scoreboard::Kind;
using scoreboard::kPage;
using scoreboard::Page;
using scoreboard::Value;

namespace {

template <std::size_t N>
void copy_name(char (&to)[N], std::string_view name) {
  const std::size_t size = std::min(name.size(), N - 1);
  std::memset(to, 0, N);
  name.copy(to, size);
}

// A name that another process may be writing: never more than its field.
template <std::size_t N>
std::string read_name(const char (&from)[N]) {
  return std::string(from, ::strnlen(from, N));
}

std::size_t offset_of(unsigned slot) { return kHeader + kPage * slot; }

Page& page_at(const Mapping& memory, unsigned slot) {
  return *reinterpret_cast<Page*>(memory.at(offset_of(slot)));
}

scoreboard::Row& row_at(const Mapping& memory, std::uint32_t row) {
  return *reinterpret_cast<scoreboard::Row*>(memory.at(scoreboard::kFirstRow + scoreboard::kRow * row));
}

// The lowest number that is not taken; it is then.
std::optional<unsigned> take_lowest(std::vector<bool>& taken) {
  const auto free = std::find(taken.begin(), taken.end(), false);
  if (free == taken.end()) return std::nullopt;
  *free = true;
  return static_cast<unsigned>(free - taken.begin());
}

// Behind the first one that is unused nothing was ever written.
void empty_values(Page& page) {
  for (Value& value : page.values) {
    if (value.kind.exchange(Kind::unused, std::memory_order_relaxed) == Kind::unused) break;
  }
}

// Fails with invalid unless it is a scoreboard of our layout.
Result<Mapping> map_whole(int fd, std::string_view what, Mapping::Access access) {
  struct stat found {};
  if (::fstat(fd, &found) != 0 || static_cast<std::size_t>(found.st_size) < kHeader) {
    return fail(Errc::invalid, concat(what, ": not a scoreboard"));
  }
  const auto whole = static_cast<std::size_t>(found.st_size) >= scoreboard::kSize;
  auto memory = Mapping::map(fd, 0, whole ? scoreboard::kSize : kHeader, access);
  if (!memory) return memory;
  const Header& header = *reinterpret_cast<const Header*>(memory->at(0));
  if (!whole || std::memcmp(header.magic, scoreboard::kMagic, sizeof header.magic) != 0 ||
      header.layout != scoreboard::kLayout || header.slots != kSlots) {
    return fail(Errc::invalid, concat(what, ": a scoreboard of another version"));
  }
  return memory;
}

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

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(start_, other.start_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (start_ != nullptr) ::munmap(start_, size_);
}

Result<Mapping> Mapping::map(int fd, std::size_t offset, std::size_t size, Access access) {
  const int protection = access == Access::write ? PROT_READ | PROT_WRITE : PROT_READ;
  void* start = ::mmap(nullptr, size, protection, MAP_SHARED, fd, static_cast<off_t>(offset));
  if (start == MAP_FAILED) return fail_errno("map the scoreboard", errno);
  Mapping mapping;
  mapping.start_ = static_cast<std::byte*>(start);
  mapping.size_ = size;
  return mapping;
}

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
  auto mapped = map_whole(memory.get(), "the scoreboard", Mapping::Access::write);
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

Header& Scoreboard::header() const { return *reinterpret_cast<Header*>(memory_.at(0)); }

Page& Scoreboard::page(unsigned slot) const { return page_at(memory_, slot); }

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
  empty_values(own);
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
    if (read_name(value.name) == name) return value.number.load(std::memory_order_relaxed);
  }
  return 0;
}

void Scoreboard::free_slot(unsigned slot) {
  taken_[slot] = false;
  page(slot).pid.store(0, std::memory_order_release);
  empty_values(page(slot));
}

std::optional<std::uint32_t> Scoreboard::take_row() {
  const auto row = take_lowest(taken_rows_);
  if (row) header().used_rows = std::max(header().used_rows.load(), *row + 1);
  return row;
}

void Scoreboard::write_row(std::uint32_t row, const ServiceReport& report) const {
  row_at(memory_, row).write(format_report(report, sizeof(scoreboard::Row::bytes)));
}

void Scoreboard::free_row(std::uint32_t row) {
  taken_rows_[row] = false;
  row_at(memory_, row).write("");
}

OwnPage::OwnPage() : private_(std::make_unique<Page>()), page_(private_.get()) {}

Result<OwnPage> OwnPage::open(int fd, unsigned slot, std::string_view program, std::string_view service,
                              std::uint32_t generation) {
  if (slot >= kSlots) return fail(Errc::invalid, concat("no such scoreboard slot: ", slot));
  struct stat found {};
  if (::fstat(fd, &found) != 0) return fail_errno("look at the scoreboard", errno);
  if (static_cast<std::size_t>(found.st_size) < scoreboard::kSize) {
    return fail(Errc::invalid, "the scoreboard is too small");
  }
  auto memory = Mapping::map(fd, offset_of(slot), kPage, Mapping::Access::write);
  if (!memory) return fail(memory.error());
  OwnPage own;
  own.memory_ = std::move(*memory);
  own.private_.reset();
  own.page_ = reinterpret_cast<Page*>(own.memory_.at(0));
  empty_values(*own.page_);
  copy_name(own.page_->program, program);
  copy_name(own.page_->service, service);
  own.page_->generation = generation;
  own.page_->state = State::starting;
  own.page_->started = wall_micros();
  own.page_->pid.store(static_cast<std::uint32_t>(::getpid()), std::memory_order_release);
  return own;
}

Counter OwnPage::value(std::string_view name, Kind kind) {
  name = name.substr(0, sizeof(Value::name) - 1);
  for (Value& value : page_->values) {
    if (value.kind.load(std::memory_order_relaxed) == Kind::unused) {
      copy_name(value.name, name);
      value.number = 0;
      value.kind.store(kind, std::memory_order_release);
      return Counter(&value.number);
    }
    if (read_name(value.name) == name) return Counter(&value.number);
  }
  return Counter();
}

Label OwnPage::label() {
  for (Value& value : page_->values) {
    if (value.kind.load(std::memory_order_relaxed) != Kind::unused) continue;
    copy_name(value.name, "");
    value.kind.store(Kind::hidden, std::memory_order_release);
    return Label(&value);
  }
  return Label();
}

void Label::set(std::string_view name, std::uint64_t number) {
  if (value_ == nullptr) return;
  value_->kind.store(Kind::hidden, std::memory_order_seq_cst);
  if (name.empty()) return copy_name(value_->name, name);
  copy_name(value_->name, name);
  value_->number.store(number, std::memory_order_relaxed);
  value_->kind.store(Kind::gauge, std::memory_order_release);
}

Result<ScoreboardReader> ScoreboardReader::open(const std::string& path) {
  auto fd = open_file(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return fail(fd.error());
  auto memory = map_whole(fd->get(), path, Mapping::Access::read);
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

const Header& ScoreboardReader::header() const { return *reinterpret_cast<const Header*>(memory_.at(0)); }

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
    const Page& page = page_at(memory_, slot);
    if (page.pid.load(std::memory_order_acquire) == 0) continue;
    rows.push_back(read_row(page, slot));
  }
  return rows;
}

std::vector<ServiceRow> ScoreboardReader::services() const {
  std::vector<ServiceRow> services;
  const std::uint32_t used = std::min(header().used_rows.load(), std::uint32_t{scoreboard::kRows});
  for (std::uint32_t row = 0; row < used; ++row) {
    const auto lines = row_at(memory_, row).read();
    if (lines && !lines->empty()) services.push_back({row, parse_report(*lines)});
  }
  std::stable_sort(services.begin(), services.end(),
                   [](const ServiceRow& a, const ServiceRow& b) { return a.report.line < b.report.line; });
  return services;
}

}  // namespace postern::daemon
