#include "lib/ipc/frame.h"

#include "lib/base/text.h"

#include <algorithm>

namespace postern::ipc {

namespace {

constexpr std::size_t kKept = 64 * 1024;
constexpr std::size_t kBelieved = 1024 * 1024;  // room that is made on the word of a header

constexpr std::uint64_t kLatest = std::chrono::duration_cast<milliseconds>(Duration::max()).count();

// Bytes of one frame may arrive together with the first of the next, whose descriptors are then here too.
constexpr std::size_t kMostUnclaimed = 2 * kMostFrameDescriptors;

}  // namespace

void append_frame(std::string& out, std::string_view name, std::uint64_t id, std::string_view attributes,
                  std::string_view body, std::size_t descriptors, Deadline until) {
  out += concat(name, " ", id, " ", attributes.size(), " ", body.size(), " ", descriptors);
  if (until != Deadline::max())
    out += concat(" ", std::chrono::duration_cast<milliseconds>(until.time_since_epoch()).count());
  out += '\n';
  out += attributes;
  out += '\n';
  out += body;
}

Result<FrameHeader> parse_header(std::string_view line) {
  const auto words = split_fields(line, ' ');
  if (words.size() < 5 || words.size() > 6 || words[0].empty()) {
    return fail(Errc::invalid, concat("bad frame header \"", printable(line, 80), "\""));
  }
  std::uint64_t numbers[5] = {};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const auto number = parse_number(words[i + 1]);
    if (!number)
      return fail(Errc::invalid, concat("bad number in frame header \"", printable(line, 80), "\""));
    numbers[i] = static_cast<std::uint64_t>(*number);
  }
  if (numbers[1] > kMostAttributes || numbers[2] > kMostBody || numbers[3] > kMostFrameDescriptors) {
    return fail(Errc::too_long, concat("frame is too large: \"", printable(line, 80), "\""));
  }
  FrameHeader header;
  header.name = words[0];
  header.id = numbers[0];
  header.attributes = numbers[1];
  header.body = numbers[2];
  header.descriptors = numbers[3];
  if (words.size() == 6 && numbers[4] < kLatest)  // later is never
    header.until = Deadline(milliseconds(static_cast<std::int64_t>(numbers[4])));
  return header;
}

void FrameReader::feed(std::vector<Fd> descriptors) {
  for (Fd& fd : descriptors) descriptors_.push_back(std::move(fd));
}

// A connection that has nothing to say keeps no large buffer.
void FrameReader::forget_taken() {
  if (at_ == in_.size() && in_.capacity() > kKept) {
    std::string().swap(in_);
  } else {
    in_.erase(0, at_);
  }
  at_ = 0;
}

Result<bool> FrameReader::greeting() {
  const auto there = std::string_view(in_).substr(at_, kGreeting.size());
  if (!there.empty() && there.front() == 'W')
    return fail(Errc::lost, "a wake-up");  // the accepted connection was all
  if (there != kGreeting.substr(0, there.size())) {
    return fail(Errc::invalid, "the peer does not speak this version of the protocol");
  }
  if (there.size() < kGreeting.size()) return false;
  at_ += kGreeting.size();
  greeted_ = true;
  return true;
}

Result<std::optional<Frame>> FrameReader::next() {
  if (descriptors_.size() > kMostUnclaimed) return fail(Errc::invalid, "too many descriptors");
  if (!greeted_) {
    auto greeted = greeting();
    if (!greeted) return fail(greeted.error());
    if (!*greeted) return std::optional<Frame>();
  }
  const auto rest = std::string_view(in_).substr(at_);
  const auto end = rest.substr(0, kLongestHeader).find('\n');
  if (end == std::string_view::npos) {
    if (rest.size() >= kLongestHeader) return fail(Errc::invalid, "frame header without an end");
    if (rest.empty() && !descriptors_.empty()) return fail(Errc::invalid, "descriptors without a frame");
    forget_taken();
    return std::optional<Frame>();
  }
  auto header = parse_header(rest.substr(0, end));
  if (!header) return fail(header.error());
  const std::size_t whole = end + 1 + header->attributes + 1 + header->body;
  if (rest.size() < whole) {
    forget_taken();
    in_.reserve(std::min(whole, kBelieved));
    return std::optional<Frame>();
  }
  if (rest[end + 1 + header->attributes] != '\n') return fail(Errc::invalid, "frame without its empty line");
  if (descriptors_.size() < header->descriptors) return fail(Errc::invalid, "frame without its descriptors");
  Frame frame;
  frame.name = header->name;
  frame.id = header->id;
  frame.until = header->until;
  frame.attributes = rest.substr(end + 1, header->attributes);
  frame.body = rest.substr(end + 1 + header->attributes + 1, header->body);
  for (std::size_t i = 0; i < header->descriptors; ++i)
    frame.descriptors.push_back(std::move(descriptors_[i]));
  descriptors_.erase(descriptors_.begin(),
                     descriptors_.begin() + static_cast<std::ptrdiff_t>(header->descriptors));
  at_ += whole;
  return std::optional<Frame>(std::move(frame));
}

}  // namespace postern::ipc
