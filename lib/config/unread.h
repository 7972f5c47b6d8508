// The parameters of Postfix that no program of this version reads: their names, defaults, meaning and bounds, so
// that postconf and `postern check` know them. Those of Postfix 3.7 have its defaults, those that came later the
// defaults of 3.11. A program that starts to read one declares it in params/*.h, and the row here goes. Constant
// data: nothing is built at start.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "lib/config/param.h"

namespace postern::config {

// raw: a text whose $names mean something later, when a message or a client is at hand.
enum class UnreadType { string, raw, boolean, integer, time };

// As in the configuration tables of Postfix: of the number, of the seconds, or of the length of a text.
struct UnreadBounds {
  std::int64_t min = 0, max = 0;  // max 0: no upper bound
};

struct Unread {
  std::string_view name, standard;
  UnreadType type;
  std::string_view help;
  std::string_view readers;  // the programs of Postfix that read it, "smtpd, cleanup"; "all": every program
  UnreadBounds bounds{};
};

// Null when there is no row of that name.
const Unread* find_unread(std::string_view name);

// All of them as parameters without effect, for who looks at all parameters alike.
struct UnreadParams : ParamGroup {
  UnreadParams();

 private:
  void add(const Unread& row);

  // A deque leaves its elements where they are; a Param cannot move.
  std::deque<Param<std::string>> strings_;
  std::deque<Param<bool>> booleans_;
  std::deque<Param<std::int64_t>> integers_;
  std::deque<Param<Seconds>> times_;
};

}  // namespace postern::config
