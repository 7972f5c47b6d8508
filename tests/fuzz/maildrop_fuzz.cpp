// Envelopes and first lines of maildrop/, and the stream to postdrop. The first byte says which, and how the stream is
// cut; what is read as an envelope must be written and read again as the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/queue/maildrop.h"

namespace {

using namespace postern;

void require(bool condition) {
  if (!condition) std::abort();
}

void envelope(std::string_view input) {
  const auto dropped = queue::parse_dropped(input);
  if (!dropped) return;
  const auto again = queue::parse_dropped(queue::format_dropped(*dropped));
  require(again && *again == *dropped);
}

void first_line(std::string_view input) {
  const auto sizes = queue::parse_first_line(input);
  if (sizes) require(queue::format_first_line(*sizes) == input);
}

struct Outcome {
  bool good = true, ended = false;
  std::string envelope, content;
  bool operator==(const Outcome&) const = default;
};

Outcome stream(std::string_view input, std::size_t piece) {
  queue::StreamReader reader;
  Outcome outcome;
  for (std::size_t at = 0; at < input.size() && outcome.good; at += piece) {
    outcome.good = reader.feed(input.substr(at, piece), outcome.content).has_value();
  }
  outcome.ended = reader.ended();
  outcome.envelope = reader.envelope();
  require(outcome.content.size() <= input.size());
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const unsigned how = data[0];
  if (how % 3 == 0) envelope(input);
  if (how % 3 == 1) first_line(input);
  if (how % 3 == 2) {
    const Outcome whole = stream(input, input.size() + 1), cut = stream(input, how / 3 + 1);
    require(whole.good == cut.good && (!whole.good || whole == cut));
  }
  return 0;
}
