// What has been counted since it was last written: numbers, hits of DNS lists, and networks that stand out. Bounded,
// whatever the clients do.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lib/screening/counters.h"

namespace postern::screening {

// What came from one network.
struct Visits {
  std::int64_t connections = 0;
  std::int64_t offences = 0;
  bool operator==(const Visits&) const = default;
};

class Tally {
 public:
  static constexpr std::size_t kLists = 100;
  static constexpr std::size_t kNetworks = 2000;

  void add(Count count, std::int64_t n = 1) { numbers_[static_cast<std::size_t>(count)] += n; }
  // A DNS list knew a client. Lists above kLists are not told apart.
  void listed(std::string_view list, std::int64_t n = 1);
  // Connections of a network (network_of()), and how many of them failed a test or broke a limit. When kNetworks are
  // there already, those with the fewest offences make room.
  void visited(std::string_view network, const Visits& visits);
  void add(const Tally& other);
  bool empty() const;

  std::int64_t of(Count count) const { return numbers_[static_cast<std::size_t>(count)]; }
  const std::map<std::string, std::int64_t, std::less<>>& lists() const { return lists_; }
  const std::unordered_map<std::string, Visits>& networks() const { return networks_; }

 private:
  void make_room();

  std::array<std::int64_t, kCounts> numbers_{};
  std::map<std::string, std::int64_t, std::less<>> lists_;
  std::unordered_map<std::string, Visits> networks_;
};

// The networks with offences, the worst first, at most so many.
std::vector<std::pair<std::string, Visits>> worst_of(const Tally& tally, std::size_t most);

}  // namespace postern::screening
