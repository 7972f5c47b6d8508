// A service whose process makes room for another one says it to everybody who is connected: what was asked is still
// answered, what comes next goes to its successor, over a new connection. ipc::Client keeps to it by itself.
#pragma once

#include "lib/ipc/codec.h"

namespace postern::ipc {

struct Leaving {
  static constexpr std::string_view name = "leaving";
  static constexpr auto fields = std::tuple{};
};

}  // namespace postern::ipc
