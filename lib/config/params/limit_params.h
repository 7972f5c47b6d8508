// Sizes that several programs must agree on.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

inline constexpr std::int64_t kLargestSize = std::int64_t{1} << 50;

struct LimitParams : ParamGroup {
  Param<std::int64_t> message_size_limit{*this, "message_size_limit", "10240000",
      "The largest message, envelope included, in bytes; 0: no limit.", at_most(kLargestSize)};
  Param<int> header_size_limit{*this, "header_size_limit", "102400",
      "The longest header that is kept whole; the rest becomes body.", at_least(1)};
  Param<int> line_length_limit{*this, "line_length_limit", "2048",
      "Longer lines are handled in pieces of this length.", at_least(512)};
  Param<int> hopcount_limit{*this, "hopcount_limit", "50",
      "Received: headers that show a message going round in circles.", at_least(1)};
  Param<int> header_address_token_limit{*this, "header_address_token_limit", "10240",
      "Tokens of an address header that are looked at.", not_yet(at_least(1))};
};

}  // namespace postern::config
