// What a server says: replies line by line, and the keywords of its EHLO.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/wire/reply.h"
#include "smtp/features.h"

using namespace postern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  wire::ReplyReader reader;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto state = reader.add(line);
    if (!state || *state == wire::ReplyReader::State::more) continue;
    const auto reply = reader.take();
    if (reply.code > 999 || reply.codes.size() != reply.lines.size() || reply.lines.empty()) std::abort();
    if (reply.text().size() > 2 * wire::kLargestReply + 5 * wire::kMostReplyLines) std::abort();
    const auto features = smtp::read_features(reply, {});
    if (features.mechanisms.size() > size || features.xforward.size() > size) std::abort();
  }
  return 0;
}
