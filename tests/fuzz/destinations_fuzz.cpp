// What aliases and .forward files may hold: every destination comes from the text, none is longer than it, and an address
// has no line break in it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/mail/destinations.h"

using namespace postern;

namespace {

void require(bool good) {
  if (!good) std::abort();
}

void check(const std::vector<mail::Destination>& destinations, std::string_view text) {
  require(destinations.size() <= text.size());
  for (const auto& one : destinations) {
    require(one.text.size() <= text.size());
    if (one.kind == mail::DestinationKind::address) require(one.text.find('\n') == std::string::npos);
    if (one.kind == mail::DestinationKind::file) require(one.text[0] == '/' || one.text[0] == '~');
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(mail::parse_destinations(text), text);
  check(mail::parse_destination_lines(text), text);
  return 0;
}
