// pickup asks qmgr about submissions of this host. qmgr remembers each that it has stored (Source::submitted) until it
// is told that the file is gone: so that one whose answer was lost is not taken twice.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/ipc/codec.h"

namespace postern::ipc {

struct IsTaken {
  std::int64_t queue_id = 0;
  static constexpr std::string_view name = "is_taken";
  static constexpr auto fields = std::tuple{Field{"queue_id", &IsTaken::queue_id}};
};

struct TakenAnswer {
  bool known = false;   // false: ask again later
  bool taken = false;
  static constexpr std::string_view name = "taken_answer";
  static constexpr auto fields =
      std::tuple{Field{"known", &TakenAnswer::known}, Field{"taken", &TakenAnswer::taken}};
};

using IsTakenCall = Call<IsTaken, TakenAnswer>;

// Said without an answer: the files of these are gone, durably.
struct ForgetTaken {
  std::vector<std::int64_t> queue_ids;
  static constexpr std::string_view name = "forget_taken";
  static constexpr auto fields = std::tuple{Field{"queue_id", &ForgetTaken::queue_ids}};
};

}  // namespace postern::ipc
