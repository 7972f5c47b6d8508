// What DNS lists (postscreen_dnsbl_sites) say about clients: scores, whom to blame for them, and how long a good one
// counts. The questions go through DNS side by side, one for each list and address that is asked about at a time: clients
// that come from one address together share an Inquiry.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/config/params/screen_params.h"
#include "lib/config/settings.h"
#include "lib/net/dns.h"
#include "lib/net/loop.h"
#include "lib/net/scope.h"
#include "lib/net/socket.h"
#include "lib/screening/dns_sites.h"

namespace postern::screen {

class DnsLists;

// What the lists have said so far about one address. Lists that are slow count when they answer, if somebody still looks.
class Inquiry : public std::enable_shared_from_this<Inquiry> {
 public:
  // Somebody who wants to know when it is complete. It may be destroyed at any time; that is the end of its waiting.
  class Waiter {
   public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    bool is_waiting() const { return inquiry_ != nullptr; }

   protected:
    virtual ~Waiter() { leave(); }
    // Once, from an event of the loop, never from inside ask() or when_complete(). It may do what it likes: ask again, or
    // destroy itself or other waiters.
    virtual void lists_answered() = 0;
    void leave();

   private:
    friend class Inquiry;
    Inquiry* inquiry_ = nullptr;
    Waiter* next_ = nullptr;
    Waiter* previous_ = nullptr;
  };

  Inquiry(DnsLists& lists, const net::Endpoint& client);
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
  // postscreen_dnsbl_max_ttl. The DnsLists must still be there.
  seconds ttl() const;
  // Tells the waiter when it is complete. A waiter waits for one inquiry at a time. Not for one that is complete already.
  void when_complete(Waiter& waiter);

 private:
  friend class DnsLists;
  struct Call;
  using Address = std::array<unsigned char, 16>;  // an IPv4 address as ::ffff:a.b.c.d

  bool is_ipv4() const;
  std::string reversed() const;  // "4.3.2.1."
  std::string text() const;      // "1.2.3.4"
  void finish_if_complete();

  DnsLists* lists_;
  Address address_{};
  int score_ = 0;
  int heaviest_ = 0;
  std::uint32_t blame_ = kNobody;
  std::uint32_t ttl_ = kUnknown;
  static constexpr std::uint32_t kNobody = UINT32_MAX, kUnknown = UINT32_MAX;
  Call* pending_ = nullptr;  // the questions without an answer; DNS owns them
  Waiter* waiters_ = nullptr;
  // While it is incomplete, in the order of beginning: the next one, which we keep alive.
  std::shared_ptr<Inquiry> self_;
  Inquiry* newer_ = nullptr;
  Inquiry* older_ = nullptr;
  Deadline deadline_{};
};

class DnsLists : net::Timer {
 public:
  // How often a list was asked, and what it said.
  struct Tally {
    std::uint64_t asked = 0, listed = 0, failed = 0, late = 0;
  };

  // Before the jail: reads the sites, opens DNS as the other programs do (dns_servers) and the reply map. Fails with
  // invalid: a site that has no form, or a map that cannot be asked for a list's name.
  static Result<std::unique_ptr<DnsLists>> open(net::Loop& loop, const config::Settings& settings,
                                                const config::ScreenParams& params);
  ~DnsLists() override;

  // True when there is no list to ask.
  bool empty() const { return lists_.empty(); }
  // What the lists say about a client: under way, or complete when somebody holds one for this address. An inquiry goes on
  // to its end although nobody holds it. For a client that has no Internet address it is complete, with a score of 0.
  std::shared_ptr<Inquiry> ask(const net::Endpoint& client);

  // By list, in the order of the parameter.
  std::size_t lists() const { return lists_.size(); }
  std::string_view domain(std::size_t list) const { return lists_[list].domain; }
  const Tally& tally(std::size_t list) const { return tallies_[list]; }
  // Inquiries that are under way.
  std::size_t under_way() const { return under_way_; }

 private:
  friend class Inquiry;
  struct SameAddress;
  struct HashOfAddress;

  DnsLists(net::Loop& loop, const config::ScreenParams& params);
  net::Task<void> find_public_name(std::size_t list, table::Maps& maps);
  Result<void> find_public_names(const config::ScreenParams& params);
  void begin(Inquiry& inquiry);
  void completed(Inquiry& inquiry);
  void time_came() override;

  net::Loop& loop_;
  std::vector<screening::DnsList> lists_;
  std::vector<std::string> public_names_;
  std::vector<Tally> tallies_;
};

}  // namespace postern::screen
