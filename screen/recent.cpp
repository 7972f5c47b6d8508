#include "screen/recent.h"

#include "lib/screening/database.h"

namespace postern::screen {

const screening::Passes* Recent::find(std::string_view client) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &found->second->passes;
}

const screening::Passes& Recent::put(std::string_view client, const screening::Passes& passes) {
  if (find(client) != nullptr) {
    merge(entries_.front().passes, passes);
    return entries_.front().passes;
  }
  if (entries_.size() >= most_) {
    clients_.erase(entries_.back().client);
    entries_.pop_back();
  }
  entries_.push_front({std::string(client), passes});
  clients_.emplace(entries_.front().client, entries_.begin());
  return entries_.front().passes;
}

}  // namespace postern::screen
