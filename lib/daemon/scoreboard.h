// The scoreboard: shared memory with a header page, one page per child, in which a child says how it is doing, and
// one row per service, in which master says how the service stands. Master creates it; a child writes its own page
// and nothing else; anybody with the right to open it reads it, and no request to a busy process is ever needed.
// The bytes: see scoreboard_layout.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/daemon/contract.h"
#include "lib/daemon/load_report.h"
#include "lib/daemon/scoreboard_layout.h"
#include "lib/daemon/service_report.h"

namespace postern::daemon {

// A number on the scoreboard. One thread of one process writes it; without a page it counts for itself alone.
class Counter {
 public:
  Counter() = default;
  explicit Counter(std::atomic<std::uint64_t>* number) : number_(number) {}
  void add(std::uint64_t n = 1) { set(get() + n); }
  void subtract(std::uint64_t n = 1) { set(get() - n); }
  void set(std::uint64_t n) {
    if (number_ != nullptr) number_->store(n, std::memory_order_relaxed);
    own_ = n;
  }
  std::uint64_t get() const { return number_ != nullptr ? number_->load(std::memory_order_relaxed) : own_; }

 private:
  std::atomic<std::uint64_t>* number_ = nullptr;
  std::uint64_t own_ = 0;
};

// A place for a number whose name changes, such as the worst of many. One thread of one process writes it; without a page it
// says nothing to anybody.
class Label {
 public:
  Label() = default;
  explicit Label(scoreboard::Value* value) : value_(value) {}
  // An empty name hides it. Names of more than 51 bytes are cut. Not often: who looks at this instant may miss it.
  void set(std::string_view name, std::uint64_t number);

 private:
  scoreboard::Value* value_ = nullptr;
};

// A mapping of a part of the scoreboard; unmapped with the object.
class Mapping {
 public:
  enum class Access { read, write };
  Mapping() = default;
  Mapping(Mapping&& other) noexcept : start_(std::exchange(other.start_, nullptr)), size_(other.size_) {}
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();
  static Result<Mapping> map(int fd, std::size_t offset, std::size_t size, Access access);
  std::byte* at(std::size_t offset) const { return start_ + offset; }
  explicit operator bool() const { return start_ != nullptr; }

 private:
  std::byte* start_ = nullptr;
  std::size_t size_ = 0;
};

// Who a new process is.
struct Occupant {
  std::string_view program, service;
  std::uint32_t row = scoreboard::kNoRow;
  std::uint32_t generation = 0;
};

// Master's view: creates the memory, gives slots and rows away.
class Scoreboard {
 public:
  // `configuration` is the directory of main.cf.
  static Result<Scoreboard> create(std::string_view version, std::string_view configuration = "");
  // The memory that a master before us in this process created: its processes go on to write their pages. Slots stay
  // taken as `used` says; all rows are free. Fails with invalid when it is of another layout.
  static Result<Scoreboard> resume(Fd memory, std::string_view version, const std::vector<unsigned>& used);
  int fd() const { return fd_.get(); }
  scoreboard::Header& header() const;
  scoreboard::Page& page(unsigned slot) const;  // slot < kSlots
  // Says that a load of the configuration begins: before its files are read.
  void begin_load();
  // Says how that load ended, with these texts: `generation` came in force, or nothing changed, for this reason.
  void load_succeeded(const config::Digest& texts, std::uint32_t generation);
  void load_failed(const config::Digest& texts, std::string_view reason);
  // Takes the lowest free slot. Fails with full when there are kSlots children.
  Result<unsigned> take_slot();
  // A slot that is taken already, by a process whose page was on another scoreboard.
  void hold(unsigned slot);
  // Says on the page of a slot that was taken who is about to start there, and, once it is known, the process id.
  void expect(unsigned slot, const Occupant& who) const;
  void started(unsigned slot, pid_t pid) const;
  // The service of a process has another row now.
  void moved(unsigned slot, std::uint32_t row) const { page(slot).row = row; }
  // What the process of a slot has told: the number of that name, or 0.
  std::uint64_t value_of(unsigned slot, std::string_view name) const;
  // Gives it back; its page becomes nobody's.
  void free_slot(unsigned slot);

  // The lowest free row for a service; nothing when there are kRows services already.
  std::optional<std::uint32_t> take_row();
  void write_row(std::uint32_t row, const ServiceReport& report) const;
  void free_row(std::uint32_t row);

 private:
  LoadReport report_;
  Fd fd_;
  Mapping memory_;
  std::vector<bool> taken_ = std::vector<bool>(kSlots);
  std::vector<bool> taken_rows_ = std::vector<bool>(scoreboard::kRows);
};

// A child's view: its own page. Without a scoreboard (a test, a run by hand) it is a page that nobody sees.
class OwnPage {
 public:
  OwnPage();
  // Maps page `slot` of the descriptor, which may be closed afterwards, and writes who we are on it.
  static Result<OwnPage> open(int fd, unsigned slot, std::string_view program, std::string_view service,
                              std::uint32_t generation);
  void set_state(State state) { page_->state.store(state, std::memory_order_relaxed); }
  // The loop has turned once more.
  void count_turn() {
    page_->turns.store(page_->turns.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  // The number with this name; the same one each time. Names of more than 51 bytes are cut; when all kValues
  // are taken, one that is seen by nobody.
  Counter counter(std::string_view name) { return value(name, scoreboard::Kind::counter); }
  Counter gauge(std::string_view name) { return value(name, scoreboard::Kind::gauge); }
  // Another one each time.
  Label label();

 private:
  Counter value(std::string_view name, scoreboard::Kind kind);
  Mapping memory_;
  std::unique_ptr<scoreboard::Page> private_;
  scoreboard::Page* page_;
};

// A child as the scoreboard shows it.
struct Row {
  unsigned slot = 0;
  std::uint32_t pid = 0;
  State state = State::starting;
  std::uint32_t generation = 0;
  std::int64_t started = 0;
  std::uint32_t service_row = scoreboard::kNoRow;  // the key of its service in ScoreboardReader::services()
  std::string program, service;
  std::vector<std::pair<std::string, std::uint64_t>> values;
};

// A service as the scoreboard shows it.
struct ServiceRow {
  std::uint32_t row = 0;
  ServiceReport report;
};

// Reads the scoreboard of a running master. `path` is usually QUEUE_DIRECTORY/pid/scoreboard.
class ScoreboardReader {
 public:
  // Fails with not_found when no master runs, denied, or invalid when it is of another layout.
  static Result<ScoreboardReader> open(const std::string& path);
  // The number of the layout of a scoreboard, also of another version. Fails as open().
  static Result<std::uint32_t> layout(const std::string& path);
  std::uint32_t master() const;
  std::int64_t started() const;
  std::string version() const;
  // The directory of master's configuration; its first 1023 bytes if it is longer.
  std::string configuration() const;
  // How many loads of the configuration have begun, and how the last one that ended did; nothing while master starts.
  std::uint64_t loads_begun() const;
  // How often the running master was replaced by another one in place.
  std::uint32_t upgrades() const;
  std::optional<LoadReport> last_load() const;
  std::vector<Row> rows() const;
  // In the order of master.cf.
  std::vector<ServiceRow> services() const;

 private:
  const scoreboard::Header& header() const;
  Mapping memory_;
};

}  // namespace postern::daemon
