#include "queue/qmgr/pace.h"

#include <utility>

namespace postern::qmgr {

namespace {
constexpr std::size_t kMostRecent = 10'000;  // destinations; as many older ones are known beside them
}

bool Paces::Memory::has(const std::string& key) const {
  return recent_.contains(key) || older_.contains(key);
}

void Paces::Memory::add(const std::string& key) {
  if (recent_.size() >= kMostRecent && !recent_.contains(key)) older_ = std::exchange(recent_, {});
  recent_.insert(key);
}

void Paces::Memory::remove(const std::string& key) {
  recent_.erase(key);
  older_.erase(key);
}

Pace Paces::of(const std::string& destination) const {
  if (slow_.has(destination)) return Pace::slow;
  return brisk_.has(destination) ? Pace::brisk : Pace::fresh;
}

void Paces::remember(const std::string& destination, Pace pace) {
  if (pace == Pace::fresh) return;
  (pace == Pace::brisk ? slow_ : brisk_).remove(destination);
  (pace == Pace::brisk ? brisk_ : slow_).add(destination);
}

}  // namespace postern::qmgr
