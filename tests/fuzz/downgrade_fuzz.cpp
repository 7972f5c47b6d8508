// A message that becomes 7-bit: the result does not depend on where its pieces end, and grows within bounds.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto whole = converted(text, 1 << 20);
  if (whole != converted(text, 3)) std::abort();
  if (whole.size() > 4 * size + 64 * (size / 4 + 1)) std::abort();
  return 0;
}
