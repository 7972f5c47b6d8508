#include "queue/qmgr/transport.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace postern::qmgr {

Recipient* Slice::find(std::int64_t number) {
  const auto place = std::lower_bound(recipients.begin(), recipients.end(), number,
                                      [](const Recipient& r, std::int64_t n) { return r.number < n; });
  return place != recipients.end() && place->number == number ? &*place : nullptr;
}

Destination& Transport::destination(const std::string& key) {
  auto& place = destinations_[key];
  if (!place) place = std::make_unique<Destination>(key, limits.window);
  return *place;
}

bool Transport::has_place(const Destination& destination) const {
  if (destination.dead) return true;  // whoever gets the place learns it
  const bool limited = limits.window.limit != 0;
  return !destination.pausing && (!limited || destination.under_way < destination.window.size());
}

void Transport::add(std::vector<Delivery> deliveries, Destination& destination) {
  const std::int64_t message = deliveries.front().slice->message().id;
  auto& turn = turns_[message];
  if (!turn) {
    turn = std::make_unique<Turn>();
    turn->message = message;
  }
  Share& share = turn->shares[&destination];
  if (share.destination == nullptr) {
    share.destination = &destination;
    share.turn = turn.get();
    ++destination.shares;
  }
  share.waiting.insert(share.waiting.begin(), std::make_move_iterator(deliveries.rbegin()),
                       std::make_move_iterator(deliveries.rend()));
  if (share.place != Share::Place::nowhere) return;
  if (has_place(destination)) {
    offer(share);
  } else {
    share.place = Share::Place::destination;
    destination.line.push_back(share);
  }
}

void Transport::offer(Share& share) {
  share.place = Share::Place::turn;
  ++share.destination->offers;
  Turn& turn = *share.turn;
  turn.line.push_back(share);
  if (turn.in_line) return;
  turn.in_line = true;
  line_.push_back(turn);
}

// An offer may lie long with a message that has many destinations; so each delivery that ends makes one more, and those
// that come too late go back in line.
void Transport::offer_more(Destination& destination, bool one_at_least) {
  while (!destination.line.empty() && has_place(destination)) {
    const bool enough = destination.dead ? false
                                         : destination.under_way + static_cast<int>(destination.offers) >=
                                               destination.window.size();
    if (enough && !one_at_least) return;
    one_at_least = false;
    offer(destination.line.pop_front());
  }
}

void Transport::withdraw(Share& share) {
  share.place = Share::Place::nowhere;
  --share.destination->offers;
}

std::optional<Transport::Start> Transport::next() {
  const int at_once = limits.transport_delay.count() > 0 ? 1 : limits.at_once;
  while (!pausing && under_way < at_once && !line_.empty()) {
    Turn& turn = line_.pop_front();
    turn.in_line = false;
    if (turn.line.empty()) {
      erase_if_idle(turn);
      continue;
    }
    Share& share = turn.line.pop_front();
    Destination& destination = *share.destination;
    withdraw(share);
    const bool starts = !share.waiting.empty() && has_place(destination);
    // A message that could do nothing with its turn has it still.
    if (!turn.line.empty()) {
      turn.in_line = true;
      if (starts) {
        line_.push_back(turn);
      } else {
        line_.push_front(turn);
      }
    }
    if (share.waiting.empty()) {
      erase(share);
      continue;
    }
    if (!starts) {
      share.place = Share::Place::destination;
      destination.line.push_front(share);
      continue;
    }
    Start start{&destination, std::move(share.waiting.back())};
    share.waiting.pop_back();
    ++destination.under_way;
    ++under_way;
    if (share.waiting.empty()) {
      erase(share);
    } else {
      share.place = Share::Place::destination;
      destination.line.push_back(share);
    }
    offer_more(destination, false);
    return start;
  }
  return std::nullopt;
}

void Transport::erase(Share& share) {
  Destination& destination = *share.destination;
  Turn& turn = *share.turn;
  --destination.shares;
  turn.shares.erase(&destination);
  erase_if_idle(turn);
}

void Transport::erase_if_idle(Turn& turn) {
  if (turn.shares.empty() && !turn.in_line) turns_.erase(turn.message);
}

void Transport::erase_if_idle(Destination& destination) {
  if (destination.under_way == 0 && destination.shares == 0 && !destination.pausing && !destination.dead) {
    destinations_.erase(std::string(destination.key));
  }
}

void Transport::ended(Destination& destination) {
  --under_way;
  --destination.under_way;
  offer_more(destination, true);
  erase_if_idle(destination);
}

void Transport::resume(Destination& destination) {
  offer_more(destination, true);
  erase_if_idle(destination);
}

std::vector<Delivery> Transport::take_waiting(Destination& destination) {
  std::vector<Delivery> all;
  while (!destination.line.empty()) {
    Share& share = destination.line.pop_front();
    std::move(share.waiting.rbegin(), share.waiting.rend(), std::back_inserter(all));
    erase(share);
  }
  return all;
}

// Its shares stay where they stand, empty, until their turn comes.
std::vector<Delivery> Transport::take_waiting(std::int64_t message) {
  std::vector<Delivery> all;
  const auto turn = turns_.find(message);
  if (turn == turns_.end()) return all;
  for (auto& [destination, share] : turn->second->shares) {
    std::move(share.waiting.rbegin(), share.waiting.rend(), std::back_inserter(all));
    share.waiting.clear();
  }
  return all;
}

void Transport::sweep(Instant now) {
  for (auto place = destinations_.begin(); place != destinations_.end();) {
    Destination& destination = *(place++)->second;
    if (!destination.dead || destination.dead->until > now) continue;
    destination.dead.reset();
    destination.window.reset();
    resume(destination);
  }
}

}  // namespace postern::qmgr
