// The sessions of a process in the order in which they may stay: those that have delivered mail after the others, and of
// each kind first those that have not got on for the longest time.
#pragma once

namespace postern::smtpd {

// T derives from Roster<T>::Member. A member leaves when it dies.
template <class T>
class Roster {
 public:
  class Member {
   public:
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

   protected:
    Member() = default;
    ~Member() { leave(); }

   private:
    friend class Roster;
    void leave() {
      next_->previous_ = previous_;
      previous_->next_ = next_;
      next_ = previous_ = this;
    }
    Member* next_ = this;
    Member* previous_ = this;
  };

  // A session comes, or got on: it is the last one of its kind.
  void touch(Member& member, bool is_proven) {
    Member& ring = is_proven ? proven_ : newcomers_;
    member.leave();
    member.next_ = &ring;
    member.previous_ = ring.previous_;
    ring.previous_->next_ = &member;
    ring.previous_ = &member;
  }

  bool is_empty() const { return newcomers_.next_ == &newcomers_ && proven_.next_ == &proven_; }

  // Calls a function with each session, until it returns true. It ends none of them.
  template <class Function>
  void each(Function function) {
    for (Member* ring : {static_cast<Member*>(&newcomers_), static_cast<Member*>(&proven_)}) {
      for (Member* at = ring->next_; at != ring; at = at->next_) {
        if (function(static_cast<T&>(*at))) return;
      }
    }
  }

 private:
  struct Ring : Member {};
  Ring newcomers_, proven_;
};

}  // namespace postern::smtpd
