// What DNS lists (postscreen_dnsbl_sites) say about clients. The questions go through DNS side by side, one for each list and
// address that is asked about at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/params/screen_params.h"
#include "lib/config/settings.h"
#include "lib/net/dns.h"
#include "lib/net/loop.h"
#include "lib/net/scope.h"
#include "lib/screening/dns_sites.h"
#include "lib/table/maps.h"
#include "screen/inquiry.h"

namespace postern::screen {

class DnsLists : net::Timer {
 public:
  // How often a list was asked; of these: how often it listed the client, failed to answer, or was too late.
  struct Tally {
    std::uint64_t asked = 0, listed = 0, failed = 0, late = 0;
  };

  // Before the jail: reads the sites, opens DNS as the other programs do (dns_servers) and the reply map. Fails with
  // invalid, the parameter's name in front: a site or a server that has no form; or as opening DNS or a table does. Only
  // what stands in `params` is read of it, now; the loop must live longer.
  static Result<std::unique_ptr<DnsLists>> open(net::Loop& loop, const config::Settings& settings,
                                                const config::ScreenParams& params);
  ~DnsLists() override;

  // True when there is no list to ask.
  bool empty() const { return lists_.empty(); }
  // What the lists say about a client: under way, or complete when somebody holds one for this address. It goes on to its end
  // although nobody holds it. For a client without an Internet address it is complete, with a score of 0.
  std::shared_ptr<Inquiry> ask(const std::optional<InetAddress>& client);

  // The lists, each once, in the order of the parameter.
  std::size_t lists() const { return lists_.size(); }
  std::string_view domain(std::size_t list) const { return lists_[list].domain; }
  const Tally& tally(std::size_t list) const { return tallies_[list]; }
  // Inquiries that are under way.
  std::size_t under_way() const { return under_way_; }

 private:
  friend class Inquiry;
  struct Hash {
    using is_transparent = void;
    InetAddressHash of;
    std::size_t operator()(const InetAddress& address) const { return of(address); }
    std::size_t operator()(const Inquiry* inquiry) const { return of(inquiry->address_); }
  };
  struct Same {
    using is_transparent = void;
    static const InetAddress& of(const InetAddress& address) { return address; }
    static const InetAddress& of(const Inquiry* inquiry) { return inquiry->address_; }
    bool operator()(const auto& a, const auto& b) const { return of(a) == of(b); }
  };
  struct Complaints {
    Deadline until{};
    unsigned said = 0;
    std::uint64_t left_out = 0;
  };

  DnsLists(net::Loop& loop, const config::ScreenParams& params);
  Result<void> find_public_names(const config::ScreenParams& params);
  net::Task<void> find_public_name(std::size_t list);
  void begin(Inquiry& inquiry);
  void take(Inquiry& inquiry, std::uint32_t list, const net::DnsAddresses& answer);
  void count(Inquiry& inquiry, std::uint32_t list, const std::vector<screening::Ipv4>& addresses);
  void report_failure(const Inquiry& inquiry, std::uint32_t list, net::DnsStatus status);
  void complain(std::uint32_t list, std::string_view program, const std::string& text);
  void finish(Inquiry& inquiry);
  void give_up(Inquiry& inquiry);
  void time_came() override;

  net::Loop& loop_;
  seconds timeout_, min_ttl_, max_ttl_;
  std::vector<screening::DnsList> lists_;
  std::vector<std::string> public_names_;
  std::vector<Tally> tallies_;
  std::vector<Complaints> complaints_;
  std::unordered_set<Inquiry*, Hash, Same> known_;  // all that are under way or held
  Inquiry* oldest_ = nullptr;                       // under way
  Inquiry* newest_ = nullptr;
  std::size_t under_way_ = 0;
  std::unique_ptr<net::Dns> dns_;  // null when there is no list
  table::Maps reply_map_;
  net::Scope lookups_;
};

}  // namespace postern::screen
