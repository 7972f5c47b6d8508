// The memory of the scoreboard as its three views share it: a mapping, and where things are in it.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/result.h"
#include "lib/daemon/scoreboard_layout.h"

namespace postern::daemon {

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

}  // namespace postern::daemon

namespace postern::daemon::scoreboard {

// Maps all of it. Fails with invalid, naming `what`, unless it is a scoreboard of our layout.
Result<Mapping> map_whole(int fd, std::string_view what, Mapping::Access access);

// Where the page of a slot begins.
inline std::size_t offset_of(unsigned slot) { return kHeader + kPage * slot; }
inline Header& header_at(const Mapping& memory) { return *reinterpret_cast<Header*>(memory.at(0)); }
inline Page& page_at(const Mapping& memory, unsigned slot) {
  return *reinterpret_cast<Page*>(memory.at(offset_of(slot)));
}
inline Row& row_at(const Mapping& memory, std::uint32_t row) {
  return *reinterpret_cast<Row*>(memory.at(kFirstRow + kRow * row));
}

// A name is cut where its field ends.
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

// Takes all numbers off a page.
void empty_values(Page& page);

}  // namespace postern::daemon::scoreboard
