// How many clients are in hand, and whether they are too many: the two queues of screening, and stress.
#pragma once

#include <cstddef>

namespace postern::screen {

class Load {
 public:
  Load(int pre_queue_limit, int post_queue_limit)
      : before_limit_(pre_queue_limit), after_limit_(post_queue_limit) {}

  enum class Change { none, entered, left };  // of stress

  // A client comes to be judged, or is judged no longer.
  void began() { ++before_; }
  void ended() { --before_; }
  // A client that was judged waits for a server.
  void queued() { ++after_; }
  void taken() { --after_; }
  // To be asked after a client came.
  Change change();

  std::size_t in_hand() const { return before_ + after_; }
  std::size_t judged() const { return before_; }
  std::size_t waiting() const { return after_; }
  // The client that came last cannot be judged, or could not be given to a server.
  bool too_many_to_judge() const { return before_ >= before_limit_; }
  bool too_many_waiting() const { return after_ >= after_limit_; }
  bool stress() const { return stress_; }

 private:
  std::size_t before_limit_, after_limit_;
  std::size_t before_ = 0, after_ = 0;
  bool stress_ = false;
};

// Stress begins with nine tenths of postscreen_pre_queue_limit in hand, and ends at seven.
inline Load::Change Load::change() {
  if (!stress_ && in_hand() * 10 >= before_limit_ * 9) {
    stress_ = true;
    return Change::entered;
  }
  if (stress_ && in_hand() * 10 <= before_limit_ * 7) {
    stress_ = false;
    return Change::left;
  }
  return Change::none;
}

}  // namespace postern::screen
