// smtpd and pickup ask qmgr: a file for content that is too large to travel in a message. The file lives as
// long as the connection on which it was opened, or until `drop_spool`, unless a message that is enqueued
// under its queue id claims it.
#pragma once

#include <cstdint>
#include <string>

#include "lib/base/fd.h"
#include "lib/ipc/codec.h"

namespace postern::ipc {

struct OpenSpool {
  std::int64_t queue_id = 0;
  std::int64_t size = 0;  // bytes that will be needed, as far as known; 0: unknown
  static constexpr std::string_view name = "open_spool";
  static constexpr auto fields =
      std::tuple{Field{"queue_id", &OpenSpool::queue_id}, Field{"size", &OpenSpool::size}};
};

struct SpoolOpened {
  std::string problem;  // empty: `file` is open for writing
  Fd file;
  static constexpr std::string_view name = "spool_opened";
  static constexpr auto fields = std::tuple{Field{"problem", &SpoolOpened::problem}};
  static constexpr auto descriptor = &SpoolOpened::file;
};

using OpenSpoolCall = Call<OpenSpool, SpoolOpened>;

// Said without an answer: the content will not come, the file can go.
struct DropSpool {
  std::int64_t queue_id = 0;
  static constexpr std::string_view name = "drop_spool";
  static constexpr auto fields = std::tuple{Field{"queue_id", &DropSpool::queue_id}};
};

}  // namespace postern::ipc
