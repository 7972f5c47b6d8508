// The bytes of the scoreboard: a header page, then kSlots pages for processes, then kRows rows for services;
// docs/formats/scoreboard.md explains them. Numbers are in the machine's order. Whoever changes this raises kLayout.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "lib/daemon/contract.h"
#include "lib/daemon/shared_text.h"

namespace postern::daemon::scoreboard {

inline constexpr std::uint32_t kLayout = 4;
inline constexpr std::size_t kHeader = 4096;
// Most processes have a dozen numbers: the rest of their page is never touched, and so costs nothing.
inline constexpr std::size_t kPage = 16384;
inline constexpr std::size_t kValues = 252;
inline constexpr std::size_t kReason = 2000;
inline constexpr std::size_t kRow = 2048;
inline constexpr unsigned kRows = 8192;
inline constexpr std::uint32_t kNoRow = UINT32_MAX;
inline constexpr char kMagic[8] = {'P', 'o', 's', 't', 'e', 'r', 'n', '\0'};

// hidden: of a label that says nothing at the moment. Others may follow it.
enum class Kind : std::uint32_t { unused = 0, counter = 1, gauge = 2, hidden = 3 };

struct Value {
  std::atomic<std::uint64_t> number;
  std::atomic<Kind> kind;  // written last: a reader that sees it sees the name
  char name[52];
};

// How the last load of the configuration ended. Master alone writes; `changes` is odd while it does.
struct Report {
  std::atomic<std::uint32_t> changes;
  std::atomic<std::uint32_t> generation;     // in force since then
  std::atomic<std::uint64_t> number;         // of the load: the start is 1; 0 before it
  std::atomic<std::int64_t> ended;           // wall time in microseconds
  std::atomic<std::int64_t> in_force_since;  // wall time of the last load that succeeded
  std::atomic<std::uint64_t> digest[2];      // of the texts that were read; 0, 0: one could not be read
  std::atomic<std::uint32_t> succeeded;
  std::atomic<std::uint32_t> reason_size;  // at most kReason
  std::array<std::atomic<char>, kReason> reason;
};

struct Header {
  char magic[8];
  std::uint32_t layout;
  std::uint32_t slots;
  std::uint32_t values;
  std::atomic<std::uint32_t> master;      // its process id
  std::atomic<std::uint32_t> generation;  // in force, from 1
  std::atomic<std::uint32_t> used;        // slots from here on were never used: a reader need not touch them
  std::atomic<std::int64_t> started;      // wall time in microseconds
  char version[32];
  char configuration[1024];                // its directory
  std::atomic<std::uint64_t> loads_begun;  // raised before a load reads the files
  Report report;
  std::atomic<std::uint32_t> used_rows;  // as `used`, of rows
  std::atomic<std::uint32_t> upgrades;   // how often another master has taken over in this process
};

// Master writes who the process is before it starts; the process itself goes on from there.
struct Page {
  std::atomic<std::uint32_t> pid;  // 0: nobody's
  std::atomic<State> state;
  std::atomic<std::uint32_t> generation;
  std::atomic<std::uint32_t> row;  // of its service, or kNoRow
  std::atomic<std::int64_t> started;
  std::atomic<std::uint64_t> turns;  // of its loop: as long as it changes, the process is not stuck
  char program[64];
  char service[160];
  std::array<Value, kValues> values;
};

// A service: the lines of service_report.h; empty: nobody's.
using Row = SharedText<kRow - sizeof(SharedTextHead)>;

static_assert(sizeof(Value) == 64 && sizeof(Page) <= kPage && sizeof(Header) <= kHeader &&
              sizeof(Row) == kRow);
inline constexpr std::size_t kFirstRow = kHeader + kPage * kSlots;
inline constexpr std::size_t kSize = kFirstRow + kRow * kRows;

}  // namespace postern::daemon::scoreboard
