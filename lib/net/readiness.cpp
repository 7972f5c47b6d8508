#include "lib/net/readiness.h"

#include <event2/event.h>

#include <algorithm>
#include <utility>

namespace postern::net {

namespace {

// libevent reports an error on a socket (a reset connection, a dead process behind a UNIX socket) as
// "readable and writable", without EV_CLOSED: beside the last data it would look like data alone. So the
// reading event also listens to EV_WRITE, but behind libevent's back: registering it would cost a wake-up
// whenever a peer takes what we sent.
void hear_errors(event& reading) { reading.ev_events = static_cast<short>(reading.ev_events | EV_WRITE); }
void forget_errors(event& reading) { reading.ev_events = static_cast<short>(reading.ev_events & ~EV_WRITE); }

}  // namespace

Readiness::~Readiness() {
  rest();
  if (writing_added_) event_del(&writing_);
}

void Readiness::rest() {
  if (!reading_added_) return;
  forget_errors(reading_);
  event_del(&reading_);
  reading_added_ = false;
  may_read_ = true;
}

Readiness::Wait Readiness::readable(Deadline deadline) {
  if (!reading_added_) {
    event_assign(&reading_, loop_.base(), fd_, EV_READ | EV_CLOSED | EV_ET | EV_PERSIST, &Readiness::came,
                 this);
    event_add(&reading_, nullptr);
    hear_errors(reading_);
    reading_added_ = true;
  }
  return Wait(*this, reader_, deadline);
}

Readiness::Wait Readiness::later(Deadline look, Deadline deadline) {
  rest();
  may_read_ = true;
  return Wait(*this, reader_, deadline, look);
}

Readiness::Wait Readiness::writable(Deadline deadline) {
  if (!writing_added_) {
    event_assign(&writing_, loop_.base(), fd_, EV_WRITE | EV_ET, &Readiness::room, this);
    event_add(&writing_, nullptr);
    writing_added_ = true;
  }
  return Wait(*this, writer_, deadline);
}

void Readiness::hurry(Deadline limit) {
  if (reader_ != nullptr) reader_->hurry(limit);
  if (writer_ != nullptr) writer_->hurry(limit);
}

void Readiness::came(int, short what, void* self) {
  auto* readiness = static_cast<Readiness*>(self);
  readiness->loop_.count_activity();
  readiness->may_read_ = true;
  readiness->ending_ = (what & (EV_CLOSED | EV_WRITE)) != 0;
  if (readiness->reader_ != nullptr) readiness->reader_->wake();
}

void Readiness::room(int, short, void* self) {
  auto* readiness = static_cast<Readiness*>(self);
  readiness->loop_.count_activity();
  readiness->writing_added_ = false;
  if (readiness->writer_ != nullptr) readiness->writer_->wake();
}

Readiness::Wait::~Wait() {
  if (place_ == this) place_ = nullptr;
}

void Readiness::Wait::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  place_ = this;
  arm(std::min(deadline_, look_));
}

void Readiness::Wait::wake() {
  ready_ = true;
  place_ = nullptr;
  disarm();
  waiter_.resume();
}

void Readiness::Wait::hurry(Deadline limit) {
  if (limit >= deadline_) return;
  deadline_ = limit;
  arm(std::min(deadline_, look_));
}

void Readiness::Wait::time_came() {
  ready_ = look_ <= deadline_;
  place_ = nullptr;
  waiter_.resume();
}

}  // namespace postern::net
