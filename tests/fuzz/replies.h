// Replies as a client reads them, for targets of what we answer.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/wire/reply.h"

namespace postern::fuzz {

inline void require(bool good) {
  if (!good) std::abort();
}

inline bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// The replies that the bytes are, which stop the target unless each line is bounded, ended, and without a control character, and
// the last reply is whole. Fails as wire::ReplyReader does.
inline Result<std::vector<wire::Reply>> read_replies(std::string_view bytes) {
  std::vector<wire::Reply> replies;
  wire::ReplyReader reader;
  auto state = wire::ReplyReader::State::complete;
  while (!bytes.empty()) {
    const auto end = bytes.find("\r\n");
    require(end != bytes.npos && end + 2 <= wire::kLongestReplyLine && !has_control(bytes.substr(0, end)));
    const auto read = reader.add(bytes.substr(0, end));
    if (!read) return fail(read.error());
    bytes.remove_prefix(end + 2);
    state = *read;
    if (state == wire::ReplyReader::State::complete) replies.push_back(reader.take());
  }
  require(state == wire::ReplyReader::State::complete);
  return replies;
}

}  // namespace postern::fuzz
