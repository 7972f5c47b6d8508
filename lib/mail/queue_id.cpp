#include "lib/mail/queue_id.h"

#include <algorithm>
#include <array>
#include <limits>

#include "lib/base/time.h"

namespace postern::mail {

namespace {

constexpr std::int64_t kMostMicros = std::numeric_limits<std::int64_t>::max() >> QueueId::kSlotBits;
constexpr std::int64_t kMicros = 1'000'000;

// Digits and consonants: no id spells a word. 'z' is the last, so base 51 does without it.
constexpr std::string_view kDigits = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
static_assert(kDigits.size() == 52);

constexpr std::size_t kSecondsWidth = 6, kMicrosWidth = 4, kSlotWidth = 3;
constexpr std::size_t kLongWidth = kSecondsWidth + kMicrosWidth + 1 + kSlotWidth;

void append_digits(std::string& out, std::int64_t value, std::int64_t base, std::size_t width) {
  const auto start = out.size();
  out.append(width, '0');
  for (auto at = out.size(); at > start; value /= base)
    out[--at] = kDigits[static_cast<std::size_t>(value % base)];
}

std::optional<std::int64_t> read_digits(std::string_view text, std::int64_t base) {
  std::int64_t value = 0;
  for (const char c : text) {
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos || static_cast<std::int64_t>(digit) >= base) return std::nullopt;
    value = value * base + static_cast<std::int64_t>(digit);
  }
  return value;
}

std::optional<QueueId> parse_long(std::string_view text) {
  const auto seconds = read_digits(text.substr(0, kSecondsWidth), 52);
  const auto micros = read_digits(text.substr(kSecondsWidth, kMicrosWidth), 52);
  const auto slot = read_digits(text.substr(kLongWidth - kSlotWidth), 51);
  if (!seconds || !micros || !slot) return std::nullopt;
  const auto since = *seconds * kMicros + *micros - QueueId::kEpoch;
  if (since < 0 || since > kMostMicros || *slot >= QueueId::kSlots) return std::nullopt;
  const QueueId id(since << QueueId::kSlotBits | *slot);
  if (id.long_text() != text) return std::nullopt;
  return id;
}

std::optional<QueueId> parse_short(std::string_view text) {
  if (text.empty() || text.size() > 16 || text.front() == '0' || (text.size() == 16 && text.front() > '7')) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  for (const char c : text) {
    const auto digit = std::string_view("0123456789ABCDEF").find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value * 16 + static_cast<std::int64_t>(digit);
  }
  return QueueId(value);
}

}  // namespace

QueueId QueueId::make(std::int64_t wall, unsigned slot) {
  const auto micros = std::clamp<std::int64_t>(wall, kEpoch + 1, kEpoch + kMostMicros) - kEpoch;
  return QueueId(micros << kSlotBits | static_cast<std::int64_t>(slot % kSlots));
}

std::int64_t QueueId::wall() const { return (number_ >> kSlotBits) + kEpoch; }

std::string QueueId::short_text() const {
  std::string out;
  for (auto left = number_; left > 0; left >>= 4) out += "0123456789ABCDEF"[left & 15];
  std::reverse(out.begin(), out.end());
  return out;
}

std::string QueueId::long_text() const {
  std::string out;
  if (number_ == 0) return out;
  append_digits(out, wall() / kMicros, 52, kSecondsWidth);
  append_digits(out, wall() % kMicros, 52, kMicrosWidth);
  out += 'z';
  append_digits(out, slot(), 51, kSlotWidth);
  return out;
}

std::optional<QueueId> parse_queue_id(std::string_view text) {
  const bool is_long = text.size() == kLongWidth && text[kLongWidth - kSlotWidth - 1] == 'z';
  return is_long ? parse_long(text) : parse_short(text);
}

QueueId QueueIdSource::next() { return next(wall_micros()); }

QueueId QueueIdSource::next(std::int64_t wall) {
  last_ = std::max(wall, last_ + 1);
  return QueueId::make(last_, slot_);
}

}  // namespace postern::mail
