// Message content: the same result however it is cut, no CR in the text, an end only at CR LF dot CR LF, and
// nothing that the encoder writes ends early, whatever it is given. The first byte of the input says how the rest is cut.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/wire/content.h"

using namespace postern;
using wire::ContentDecoder;
using wire::Framing;

namespace {

struct Decoded {
  std::string text;
  std::size_t consumed = 0;
  bool ended = false;
  std::uint64_t size = 0, bare_lf = 0, bare_cr = 0;
  bool operator==(const Decoded&) const = default;
};

void require(bool good) {
  if (!good) std::abort();
}

// Pieces of one to `most` bytes, of lengths that go round.
Decoded decode(std::string_view wire, Framing framing, std::size_t most) {
  ContentDecoder decoder(framing);
  Decoded got;
  for (std::size_t turn = 0; got.consumed < wire.size() && !got.ended; ++turn) {
    const auto piece = wire.substr(got.consumed, most - turn % ((most + 1) / 2));
    const auto before = got.text.size();
    const auto progress = decoder.feed(piece, got.text);
    require(progress.ended || progress.consumed == piece.size());
    require(progress.consumed <= piece.size() && got.text.size() - before <= piece.size() + 2);
    got.consumed += progress.consumed;
    got.ended = progress.ended;
  }
  if (!got.ended) decoder.finish(got.text);
  got.size = decoder.size();
  got.bare_lf = decoder.bare_lf();
  got.bare_cr = decoder.bare_cr();
  return got;
}

std::string encode(std::string_view text, std::size_t most, std::size_t longest_line = 0) {
  wire::ContentEncoder encoder(longest_line);
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += most) encoder.feed(text.substr(at, most), out);
  encoder.finish(out);
  return out;
}

void check_decoded(std::string_view wire, const Decoded& got) {
  require(got.text.find('\r') == std::string::npos);
  const std::size_t line_end = got.ended ? 0 : 2;  // which a last line without one gets
  require(got.size <= got.consumed + line_end && got.text.size() <= got.consumed + 1);
  if (!got.ended) return require(got.consumed == wire.size());
  const auto taken = wire.substr(0, got.consumed);
  require(taken == ".\r\n" || taken.ends_with("\r\n.\r\n"));
  require(taken.find("\r\n.\r\n") + 5 >= taken.size());
}

// Every byte of a chunk counts; what ends a last line that has no end counts too.
void check_counted(std::string_view wire, const Decoded& got) {
  const bool ended_line = got.text.empty() || wire.ends_with('\n');
  require(!got.ended && got.consumed == wire.size() && got.size == wire.size() + (ended_line ? 0 : 2));
  require(got.text.empty() || got.text.ends_with('\n'));
}

// Canonical text comes back from the wire as it was; only a missing last LF is added. A dot behind NULs comes back as two.
void check_round_trip(std::string text, std::size_t most) {
  if (text.find('\0') != std::string::npos) return;
  const auto wire = encode(text, most);
  require(wire == encode(text, text.size() + 1));
  const auto got = decode(wire, Framing::dots, most);
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  require(got.ended && got.consumed == wire.size() && got.text == text && got.bare_lf == 0 &&
          got.bare_cr == 0);
}

// Whatever stands in the queue, lines end in CR LF alone, and a single dot stands at the end alone.
void check_encoded(std::string_view text, std::size_t most, std::size_t longest_line) {
  const auto wire = encode(text, most, longest_line);
  require(wire == encode(text, text.size() + 1, longest_line));
  bool starts = true;
  for (std::size_t i = 0; i < wire.size(); ++i) {
    const bool ends = wire[i] == '\n';
    require(ends == (i > 0 && wire[i - 1] == '\r'));
    require(!starts || wire.compare(i, 3, ".\r\n") != 0 || i + 3 == wire.size());
    if (wire[i] != '\0') starts = ends;  // some receivers drop NULs
  }
  require(wire.ends_with(".\r\n"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t most = data[0] % 64 + 1;
  const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_encoded(wire, most, 0);
  check_encoded(wire, most, most / 4 + 1);
  for (const auto framing : {Framing::dots, Framing::counted}) {
    const auto whole = decode(wire, framing, wire.size() + 1);
    require(decode(wire, framing, most) == whole);
    if (framing == Framing::dots) check_decoded(wire, whole);
    if (framing == Framing::counted) check_counted(wire, whole);
    check_round_trip(whole.text, most);
  }
  return 0;
}
