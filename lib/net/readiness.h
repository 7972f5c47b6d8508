// Readiness of one descriptor. Reading is registered once, edge-triggered, when it is first waited for; so a
// wait for the next request costs no system call of its own. Writing is registered only while somebody waits
// for room.
#pragma once

#include <event2/event_struct.h>

#include <coroutine>

#include "lib/net/loop.h"

namespace postern::net {

class Readiness {
 public:
  Readiness(Loop& loop, int fd) : loop_(loop), fd_(fd) {}
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  class Wait : Timer {
   public:
    Wait(Readiness& of, Wait*& place, Deadline deadline, Deadline look = Deadline::max())
        : Timer(of.loop_), place_(place), deadline_(deadline), look_(look) {}
    ~Wait() override;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter);
    // True when ready, false when the deadline passed.
    [[nodiscard]] bool await_resume() const noexcept { return ready_; }

   private:
    friend class Readiness;
    void time_came() override;
    void wake();
    void hurry(Deadline limit);
    Wait*& place_;
    Deadline deadline_;
    Deadline look_;  // when it is over even if nothing came
    std::coroutine_handle<> waiter_;
    bool ready_ = false;
  };

  // One waiter each for reading and for writing at a time.
  Wait readable(Deadline deadline);
  Wait writable(Deadline deadline);

  // Counts as readable at `look`, whatever is there, and not before: arrivals wake nobody. Ends at the deadline, if that is
  // before; so it does when it comes.
  Wait later(Deadline look, Deadline deadline);

  // Nobody waits for input for a while: arrivals do not wake the loop until somebody does again.
  void rest();

  // Those who wait now wait no longer than this.
  void hurry(Deadline limit);

  // False when the last read took everything there was and nothing has arrived since: a read would say
  // EAGAIN.
  bool may_read() const { return may_read_; }
  // To be told by the reader: its read took less than it had room for, or said EAGAIN.
  void drained() { may_read_ = ending_; }

 private:
  static void came(int fd, short what, void* self);
  static void room(int fd, short what, void* self);
  Loop& loop_;
  int fd_;
  event reading_{};
  event writing_{};
  Wait* reader_ = nullptr;
  Wait* writer_ = nullptr;
  bool reading_added_ = false;
  bool writing_added_ = false;
  bool may_read_ = true;
  bool ending_ = false;  // after the bytes comes an end or an error that is not announced again
};

}  // namespace postern::net
