#include "queue/qmgr/transport.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace postern::qmgr {

namespace {

constexpr int kMostLasting = 3;                 // deliveries in a row that a brisk destination may let last
constexpr std::int64_t kBriskRate = 16 * 1024;  // bytes of content that a brisk destination takes in a second

template <class Array>
auto& of(Array& array, Pace pace) {
  return array[static_cast<std::size_t>(pace)];
}

// Which of the offers of its turn this is.
Pace pace_of(const Offers& offers) { return static_cast<Pace>(&offers - offers.turn->offers.data()); }

}  // namespace

Recipient* Slice::find(std::int64_t number) {
  const auto place = std::lower_bound(recipients.begin(), recipients.end(), number,
                                      [](const Recipient& r, std::int64_t n) { return r.number < n; });
  return place != recipients.end() && place->number == number ? &*place : nullptr;
}

Destination& Transport::destination(const std::string& key) {
  auto& place = destinations_[key];
  if (!place) {
    place = std::make_unique<Destination>(key, limits.window);
    if (limits.slow_at_once > 0) place->pace = paces_.of(key);
  }
  return *place;
}

bool Transport::has_place(const Destination& destination) const {
  if (destination.dead) return true;  // whoever gets the place learns it
  const bool limited = limits.window.limit != 0;
  // One that is slow has no more than it would have if its deliveries kept their places.
  if (destination.pace == Pace::slow && destination.under_way >= limits.at_once) return false;
  return !destination.pausing && (!limited || destination.under_way < destination.window.size());
}

void Transport::add(std::vector<Delivery> deliveries, Destination& destination) {
  const std::int64_t message = deliveries.front().slice->message().id;
  auto& turn = turns_[message];
  if (!turn) {
    turn = std::make_unique<Turn>();
    turn->message = message;
    for (Offers& offers : turn->offers) offers.turn = turn.get();
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
  Offers& offers = of(share.turn->offers, share.destination->pace);
  offers.line.push_back(share);
  if (!offers.in_line) put_back(offers, false);
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

// ---- places

std::size_t Transport::places(Pace pace) const {
  if (pace == Pace::slow) return static_cast<std::size_t>(limits.slow_at_once);
  return static_cast<std::size_t>(limits.transport_delay.count() > 0 ? 1 : limits.at_once);
}

// Whether the oldest delivery could go on among those that last.
bool Transport::may_yield(Pace pace) const {
  return pace != Pace::slow && !of(hands_, pace).empty() &&
         of(hands_, Pace::slow).size() < places(Pace::slow);
}

// How long a delivery keeps its place from others: the less, the more of them wait for each place, so that a hundred servers
// that do not answer cost the next one no hundred times the patience.
Duration Transport::patience(Pace pace) const {
  const auto most = static_cast<std::int64_t>(std::max<std::size_t>(1, places(pace)));
  const Duration shared = limits.patience * most / (most + of(in_line_, pace));
  return std::max(shared, std::min(limits.least_patience, limits.patience));
}

// A place of this pace; for want of one that of a delivery that lasts.
bool Transport::find_place(Pace pace, Instant now) {
  Hands& hands = of(hands_, pace);
  if (hands.size() < places(pace)) return true;
  if (!may_yield(pace) || hands.front().begun + patience(pace) > now) return false;
  Hand& oldest = hands.front();
  oldest.pace = Pace::slow;
  if (oldest.destination->pace == Pace::fresh) oldest.destination->pace = Pace::slow;
  Hands& slow = of(hands_, Pace::slow);
  slow.splice(slow.end(), hands, hands.begin());
  return true;
}

std::optional<Instant> Transport::next_yield() const {
  std::optional<Instant> first;
  for (const Pace pace : {Pace::brisk, Pace::fresh}) {
    if (of(lines_, pace).empty() || pausing || !may_yield(pace)) continue;
    const Instant when = of(hands_, pace).front().begun + patience(pace);
    first = first ? std::min(*first, when) : when;
  }
  return first;
}

std::optional<Transport::Start> Transport::next(Instant now) {
  for (const Pace pace : {Pace::brisk, Pace::fresh, Pace::slow}) {
    auto start = next_of(pace, now);
    if (start) return start;
  }
  return std::nullopt;
}

void Transport::put_back(Offers& offers, bool first) {
  if (offers.line.empty()) return;
  offers.in_line = true;
  Line<Offers>& line = of(lines_, pace_of(offers));
  ++of(in_line_, pace_of(offers));
  if (first) {
    line.push_front(offers);
  } else {
    line.push_back(offers);
  }
}

std::optional<Transport::Start> Transport::next_of(Pace pace, Instant now) {
  Line<Offers>& line = of(lines_, pace);
  while (!pausing && !line.empty() && find_place(pace, now)) {
    Offers& offers = line.pop_front();
    offers.in_line = false;
    --of(in_line_, pace);
    if (offers.line.empty()) {
      erase_if_idle(*offers.turn);
      continue;
    }
    Share& share = offers.line.pop_front();
    Destination& destination = *share.destination;
    withdraw(share);
    const bool moves = destination.pace != pace && !share.waiting.empty();  // it is known better by now
    const bool starts = !moves && !share.waiting.empty() && has_place(destination);
    put_back(offers, !starts);  // a message that could do nothing with its turn has it still
    if (share.waiting.empty()) {
      erase(share);
    } else if (moves) {
      offer(share);
    } else if (!starts) {
      share.place = Share::Place::destination;
      destination.line.push_front(share);
    } else {
      return start(share, now);
    }
  }
  return std::nullopt;
}

Transport::Start Transport::start(Share& share, Instant now) {
  Destination& destination = *share.destination;
  const auto size = share.waiting.back().slice->message().size;
  Hands& hands = of(hands_, destination.pace);
  hands.push_back(
      {&destination, now, limits.patience + milliseconds(size * 1000 / kBriskRate), destination.pace});
  Start start{&destination, std::move(share.waiting.back()), std::prev(hands.end())};
  share.waiting.pop_back();
  ++destination.under_way;
  if (share.waiting.empty()) {
    erase(share);
  } else {
    share.place = Share::Place::destination;
    destination.line.push_back(share);
  }
  offer_more(destination, false);
  return start;
}

void Transport::erase(Share& share) {
  Destination& destination = *share.destination;
  Turn& turn = *share.turn;
  --destination.shares;
  turn.shares.erase(&destination);
  erase_if_idle(turn);
}

void Transport::erase_if_idle(Turn& turn) {
  const bool in_line =
      std::any_of(turn.offers.begin(), turn.offers.end(), [](const Offers& o) { return o.in_line; });
  if (turn.shares.empty() && !in_line) turns_.erase(turn.message);
}

void Transport::erase_if_idle(Destination& destination) {
  if (destination.under_way == 0 && destination.shares == 0 && !destination.pausing && !destination.dead) {
    paces_.remember(destination.key, destination.pace);
    destinations_.erase(std::string(destination.key));
  }
}

void Transport::judge(const Hand& hand, End end, Instant now) {
  if (limits.slow_at_once == 0) return;
  const Duration lasted = now - hand.begun;
  Destination& destination = *hand.destination;
  if (lasted < hand.allowed) {
    if (end == End::badly) return;
    destination.pace = Pace::brisk;
    destination.lasted = 0;
  } else if (destination.pace != Pace::brisk || ++destination.lasted >= kMostLasting) {
    destination.pace = Pace::slow;
  }
}

void Transport::ended(Hands::iterator hand, End end, Instant now) {
  Destination& destination = *hand->destination;
  judge(*hand, end, now);
  of(hands_, hand->pace).erase(hand);
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
