// A message that becomes 7-bit: the result does not depend on where its pieces end, and grows within bounds; on the wire it
// is still one message.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/wire/content.h"
#include "smtp/downgrade.h"

using namespace postern;

namespace {

std::string converted(std::string_view text, std::size_t piece) {
  smtp::Downgrade downgrade;
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    downgrade.feed(text.substr(0, piece), out);
  downgrade.finish(out);
  return out;
}

// Nothing but the last line is a dot alone, and nothing but CR LF ends a line.
bool is_one_message(std::string_view text, std::size_t longest_line) {
  wire::ContentEncoder encoder(longest_line);
  std::string wire;
  encoder.feed(text, wire);
  encoder.finish(wire);
  const auto end = wire.size() - 3;
  for (std::size_t i = 0; i < wire.size(); ++i) {
    if ((wire[i] == '\n') != (i > 0 && wire[i - 1] == '\r')) return false;
    if (wire[i] == '.' && i != end && (i == 0 || wire[i - 1] == '\n') && wire[i + 1] == '\r') return false;
  }
  return wire.ends_with(".\r\n") && (end == 0 || wire[end - 1] == '\n');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto whole = converted(text, 1 << 20);
  if (whole != converted(text, 3)) std::abort();
  if (whole.size() > 4 * size + 64 * (size / 4 + 1)) std::abort();
  for (const std::size_t longest_line : {0, 1, 7, 998}) {
    if (!is_one_message(whole, longest_line)) std::abort();
  }
  return 0;
}
