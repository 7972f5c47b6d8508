// Frames and messages from arbitrary bytes. The first byte says how the rest arrives (in pieces of which size, with
// or without the greeting); what decodes must encode, and decode again to the same.
#include <cstdlib>

#include "lib/ipc/frame.h"
#include "tests/lib/ipc/all_messages.h"

namespace {

using namespace postern;

void require(bool condition) {
  if (!condition) std::abort();
}

template <class Message>
void there_and_back(const ipc::Frame& frame) {
  ipc::Frame copy;
  copy.name = frame.name;
  copy.id = frame.id;
  copy.attributes = frame.attributes;
  copy.body = frame.body;
  auto first = ipc::decode_message<Message>(std::move(copy));
  if (!first) return;
  std::string wire;
  ipc::append_message(wire, *first, frame.id);
  ipc::FrameReader reader(true);
  reader.feed(wire);
  auto again = reader.next();
  require(again && *again && (*again)->id == frame.id);
  auto second = ipc::decode_message<Message>(std::move(**again));
  require(second && ipc::same(*first, *second));
}

void use(const ipc::Frame& frame) {
  require(frame.name.size() < ipc::kLongestHeader && frame.descriptors.empty());
  ipc::for_each_message([&](auto kind) { there_and_back<typename decltype(kind)::type>(frame); });
}

// The frames of the input, and whether it ended in an error.
bool read(std::string_view input, std::size_t piece, bool greeted, std::size_t& frames) {
  ipc::FrameReader reader(greeted);
  for (std::size_t at = 0; at < input.size(); at += piece) {
    reader.feed(input.substr(at, piece));
    for (;;) {
      auto frame = reader.next();
      if (!frame) return false;
      if (!*frame) break;
      ++frames;
      use(**frame);
    }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool greeted = (data[0] & 1) != 0;
  const std::size_t pieces[] = {1, 2, 7, 64, 1000, input.size() + 1};
  std::size_t in_pieces = 0;
  std::size_t at_once = 0;
  const bool one = read(input, pieces[(data[0] >> 1) % 6], greeted, in_pieces);
  const bool other = read(input, input.size() + 1, greeted, at_once);
  require(one == other && in_pieces == at_once);
  return 0;
}
