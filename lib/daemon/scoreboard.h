// The scoreboard: shared memory with a header page, one page per child, in which a child says how it is doing, and
// one row per service, in which master says how the service stands. Master creates it; a child writes its own page
// and nothing else; anybody with the right to open it reads it, and no request to a busy process is ever needed.
// The bytes: see scoreboard_layout.h; what a child sees: own_page.h; what others see: scoreboard_reader.h. This is
// master's view.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/daemon/contract.h"
#include "lib/daemon/load_report.h"
#include "lib/daemon/scoreboard_memory.h"
#include "lib/daemon/service_report.h"

namespace postern::daemon {

// Who a new process is.
struct Occupant {
  std::string_view program, service;
  std::uint32_t row = scoreboard::kNoRow;
  std::uint32_t generation = 0;
};

// Creates the memory, gives slots and rows away.
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

}  // namespace postern::daemon
