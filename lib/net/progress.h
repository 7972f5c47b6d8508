// How far the peer of a TCP connection is with what we sent.
#pragma once

#include <cstdint>
#include <optional>

namespace postern::net {

struct SendProgress {
  std::uint64_t taken = 0;  // bytes that the peer's host has acknowledged, since the connection began
  bool under_way = false;   // others are not yet
};

// Nothing for a socket of another kind.
std::optional<SendProgress> send_progress(int fd);

}  // namespace postern::net
