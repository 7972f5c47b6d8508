// Text in shared memory that one process writes and others read at any moment, each time as a whole.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace postern::daemon {

// `changes` is odd while the text is being written.
struct SharedTextHead {
  std::atomic<std::uint32_t> changes;
  std::atomic<std::uint32_t> size;
};

// The writer's part: replaces the text; what has no room is cut off.
void write_shared(SharedTextHead& head, std::span<std::atomic<char>> bytes, std::string_view text);

// Nothing when it is being replaced each time we look, as by a writer that died in between.
std::optional<std::string> read_shared(const SharedTextHead& head, std::span<const std::atomic<char>> bytes);

template <std::size_t N>
struct SharedText {
  SharedTextHead head;
  std::array<std::atomic<char>, N> bytes;

  void write(std::string_view text) { write_shared(head, bytes, text); }
  std::optional<std::string> read() const { return read_shared(head, bytes); }
};

}  // namespace postern::daemon
