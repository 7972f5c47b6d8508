#include "lib/screening/tally.h"

#include <algorithm>

namespace postern::screening {

void Tally::listed(std::string_view list, std::int64_t n) {
  auto found = lists_.find(list);
  if (found == lists_.end()) {
    if (lists_.size() >= kLists) return;
    found = lists_.emplace(list, 0).first;
  }
  found->second += n;
}

void Tally::visited(std::string_view network, const Visits& visits) {
  if (network.empty()) return;
  std::string key(network);
  auto found = networks_.find(key);
  if (found == networks_.end()) {
    if (networks_.size() >= kNetworks) make_room();
    found = networks_.emplace(std::move(key), Visits{}).first;
  }
  found->second.connections += visits.connections;
  found->second.offences += visits.offences;
}

// Half of them go at once, so that each costs little.
void Tally::make_room() {
  using Entry = std::pair<Visits, std::string>;
  std::vector<Entry> all;
  all.reserve(networks_.size());
  for (const auto& [network, visits] : networks_) all.emplace_back(visits, network);
  const auto fewer = [](const Entry& a, const Entry& b) {
    if (a.first.offences != b.first.offences) return a.first.offences < b.first.offences;
    return a.first.connections < b.first.connections;
  };
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end(), fewer);
  for (auto at = all.begin(); at != middle; ++at) networks_.erase(at->second);
}

void Tally::add(const Tally& other) {
  for (std::size_t i = 0; i < kCounts; ++i) numbers_[i] += other.numbers_[i];
  for (const auto& [list, n] : other.lists_) listed(list, n);
  for (const auto& [network, visits] : other.networks_) visited(network, visits);
}

bool Tally::empty() const {
  const bool no_numbers = std::all_of(numbers_.begin(), numbers_.end(), [](auto n) { return n == 0; });
  return no_numbers && lists_.empty() && networks_.empty();
}

std::vector<std::pair<std::string, Visits>> worst_of(const Tally& tally, std::size_t most) {
  std::vector<std::pair<std::string, Visits>> all;
  for (const auto& entry : tally.networks()) {
    if (entry.second.offences > 0) all.emplace_back(entry);
  }
  const auto worse = [](const auto& a, const auto& b) {
    return a.second.offences != b.second.offences ? a.second.offences > b.second.offences : a.first < b.first;
  };
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(most, all.size()));
  std::partial_sort(all.begin(), end, all.end(), worse);
  all.erase(end, all.end());
  return all;
}

}  // namespace postern::screening
