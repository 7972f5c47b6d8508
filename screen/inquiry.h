// What DNS lists have said so far about one address. Clients that come from it together share one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/inet_address.h"
#include "lib/base/time.h"

namespace postern::screen {

class DnsLists;

class Inquiry : public std::enable_shared_from_this<Inquiry> {
 public:
  // Somebody who wants to know when it is complete. It may be destroyed at any time; that is the end of its waiting.
  class Waiter {
   public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    bool is_waiting() const { return inquiry_ != nullptr; }
    void leave();

   protected:
    virtual ~Waiter() { leave(); }
    // Once, from an event of the loop, never from inside ask() or when_complete(). It may do what it likes: ask again, resume a
    // coroutine, destroy itself or other waiters.
    virtual void lists_answered() = 0;

   private:
    friend class Inquiry;
    Inquiry* inquiry_ = nullptr;
    Waiter* next_ = nullptr;
    Waiter* previous_ = nullptr;
  };

  // For DnsLists, which makes them.
  Inquiry(DnsLists& lists, const InetAddress& address);
  ~Inquiry();
  Inquiry(const Inquiry&) = delete;
  Inquiry& operator=(const Inquiry&) = delete;

  // The sum of the weights of all sites that list the client, as far as they have answered.
  int score() const { return score_; }
  // True when each list has answered, has failed to, or had postscreen_dnsbl_timeout.
  bool complete() const { return pending_ == nullptr; }
  // The list that is named to the client: the one of the heaviest site that lists it, as postscreen_dnsbl_reply_map has it.
  // Empty when none lists it. The DnsLists must still be there.
  std::string_view blame() const;
  // How long a passed test counts: the least that an answer, yes or no, is good for, within postscreen_dnsbl_min_ttl and
  // postscreen_dnsbl_max_ttl; the least where a list failed, or none has answered yet. The DnsLists must still be there.
  seconds ttl() const;
  // Tells the waiter when it is complete, if it is not already. A waiter waits for one inquiry at a time.
  void when_complete(Waiter& waiter);

 private:
  friend class DnsLists;
  struct Call;
  static constexpr std::uint32_t kNobody = UINT32_MAX, kUnknown = UINT32_MAX;

  std::string question(std::string_view domain) const;  // "4.3.2.1.zen.example"
  void tell_waiters();

  DnsLists* lists_;  // null when it is gone
  InetAddress address_;
  int score_ = 0;
  int heaviest_ = 0;
  std::uint32_t blame_ = kNobody;  // a list's place
  std::uint32_t ttl_ = kUnknown;
  Call* pending_ = nullptr;  // the questions without an answer; DNS owns them
  Waiter* waiters_ = nullptr;
  // While it is under way it owns itself, and stands between the one that began before it and the one after.
  std::shared_ptr<Inquiry> self_;
  Inquiry* newer_ = nullptr;
  Inquiry* older_ = nullptr;
  Deadline deadline_{};
};

}  // namespace postern::screen
