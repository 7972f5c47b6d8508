// A connection that a service takes itself (Program::takes_connections) is in hand as long as its token is: it is
// counted, and the process does not leave before it is gone, or its time is over.
#pragma once

#include <utility>

namespace postern::daemon {

class Sessions {
 public:
  virtual void session_began() = 0;
  virtual void session_ended() = 0;

 protected:
  ~Sessions() = default;
};

class InHand {
 public:
  InHand() = default;
  explicit InHand(Sessions& sessions) : sessions_(&sessions) { sessions.session_began(); }
  InHand(InHand&& other) noexcept : sessions_(std::exchange(other.sessions_, nullptr)) {}
  InHand& operator=(InHand&& other) noexcept {
    std::swap(sessions_, other.sessions_);
    return *this;
  }
  ~InHand() {
    if (sessions_ != nullptr) sessions_->session_ended();
  }

 private:
  Sessions* sessions_ = nullptr;
};

}  // namespace postern::daemon
