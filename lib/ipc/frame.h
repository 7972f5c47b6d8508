// The frame around a message: `NAME ID ATTRIBUTES BODY DESCRIPTORS` and LF (the name, a number that pairs
// question and answer, two lengths in bytes, a count), the attributes, an empty line, the body. The line of a question that
// nobody waits for after some time has ` UNTIL` too. A connection starts with the line `postern-ipc VERSION`, sent by
// the side that connected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/ipc/codec.h"

namespace postern::ipc {

constexpr std::string_view kGreeting = "postern-ipc 1\n";
constexpr std::size_t kLongestHeader = 128;
constexpr std::size_t kMostAttributes = 64u << 20;  // a list of a few 100,000 recipients
constexpr std::size_t kMostBody = 64u << 20;
constexpr std::size_t kMostFrameDescriptors = 4;

struct Frame {
  std::string name;
  std::uint64_t id = 0;
  Deadline until = Deadline::max();  // nobody waits for an answer any more
  std::string attributes;
  std::string body;
  std::vector<Fd> descriptors;
};

// What the wire holds of a frame, without its descriptors. Appends to `out`.
void append_frame(std::string& out, std::string_view name, std::uint64_t id, std::string_view attributes,
                  std::string_view body, std::size_t descriptors, Deadline until = Deadline::max());

struct FrameHeader {
  std::string_view name;
  std::uint64_t id = 0;
  std::size_t attributes = 0;
  std::size_t body = 0;
  std::size_t descriptors = 0;
  Deadline until = Deadline::max();
};
// The header line without its LF. Fails with invalid (wrong shape) or too_long (a bound is exceeded).
Result<FrameHeader> parse_header(std::string_view line);

// Takes bytes as they arrive and gives whole frames.
class FrameReader {
 public:
  // `greeted`: false on the side that was connected to, which expects the greeting first.
  explicit FrameReader(bool greeted) : greeted_(greeted) {}

  void feed(std::string_view bytes) { in_ += bytes; }
  void feed(std::vector<Fd> descriptors);
  // The next whole frame, nothing when more bytes are needed. After an error the connection is to be closed.
  Result<std::optional<Frame>> next();
  // True when all bytes that came were given back as frames.
  bool empty() const { return at_ == in_.size(); }

 private:
  Result<bool> greeting();
  void forget_taken();
  std::string in_;
  std::size_t at_ = 0;
  std::vector<Fd> descriptors_;
  bool greeted_;
};

// A message as its frame.
template <class Message>
void append_message(std::string& out, const Message& message, std::uint64_t id,
                    Deadline until = Deadline::max()) {
  std::string_view body;
  std::size_t descriptors = 0;
  if constexpr (requires { Message::body; }) body = message.*Message::body;
  if constexpr (requires { Message::descriptor; }) descriptors = message.*Message::descriptor ? 1 : 0;
  append_frame(out, Message::name, id, encode_attributes(message), body, descriptors, until);
}

// A frame as the message that it should hold. Fails with invalid.
template <class Message>
Result<Message> decode_message(Frame frame) {
  if (frame.name != Message::name) {
    return fail(Errc::invalid, concat("expected message ", Message::name, ", got ", frame.name));
  }
  Message message;
  auto decoded = decode_attributes(frame.attributes, message);
  if (!decoded) return fail(decoded.error());
  if constexpr (requires { Message::body; }) {
    message.*Message::body = std::move(frame.body);
  } else if (!frame.body.empty()) {
    return fail(Errc::invalid, concat("message ", Message::name, " has an unexpected body"));
  }
  if constexpr (requires { Message::descriptor; }) {
    if (frame.descriptors.size() > 1)
      return fail(Errc::invalid, concat("message ", Message::name, ": descriptors"));
    if (!frame.descriptors.empty()) message.*Message::descriptor = std::move(frame.descriptors.front());
  } else if (!frame.descriptors.empty()) {
    return fail(Errc::invalid, concat("message ", Message::name, " has unexpected descriptors"));
  }
  return message;
}

}  // namespace postern::ipc
