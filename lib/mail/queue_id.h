// Queue ids: the name of a message from the moment it is taken in until its last recipient is done. An id is
// a positive 63-bit number made of the wall time in microseconds and the slot that master gave to the
// process, so that ids grow with time and no two processes make the same one. Administrators see one of two
// text forms; both are read.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::mail {

class QueueId {
 public:
  static constexpr unsigned kSlotBits = 12;
  static constexpr unsigned kSlots = 1u << kSlotBits;
  // 51 bits of microseconds last 71 years; counted from 2020 they last until 2091.
  static constexpr std::int64_t kEpoch = 1'577'836'800'000'000;

  QueueId() = default;  // none
  // The number must be positive; others give no id.
  explicit QueueId(std::int64_t number) : number_(number > 0 ? number : 0) {}
  // Times before kEpoch and beyond its 51 bits become the nearest that fit. The slot counts modulo kSlots.
  static QueueId make(std::int64_t wall, unsigned slot);

  std::int64_t number() const { return number_; }
  explicit operator bool() const { return number_ > 0; }
  std::int64_t wall() const;  // microseconds since 1970
  unsigned slot() const { return static_cast<unsigned>(number_ & (kSlots - 1)); }

  // Upper-case hex without leading zeros: "F3A81C52D4E7001".
  std::string short_text() const;
  // enable_long_queue_ids: six characters of seconds and four of microseconds in base 52, 'z', three of the
  // slot in base 51, which has no 'z': "4mHmZn3gDMz001". Sorts by time as a text.
  std::string long_text() const;

  auto operator<=>(const QueueId&) const = default;

 private:
  std::int64_t number_ = 0;
};

// Reads either form, in exactly the spelling that the functions above give.
std::optional<QueueId> parse_queue_id(std::string_view text);

// Makes the ids of one process. They only ever grow, even when the clock does not; one thread uses it.
class QueueIdSource {
 public:
  explicit QueueIdSource(unsigned slot) : slot_(slot % QueueId::kSlots) {}

  QueueId next();                   // of the present time
  QueueId next(std::int64_t wall);  // of the given time, or as soon after it as no id of ours is

 private:
  unsigned slot_;
  std::int64_t last_ = QueueId::kEpoch;
};

}  // namespace postern::mail
