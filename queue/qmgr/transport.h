// A delivery transport: the connection to its agents, and what waits for each of its destinations. Turns are given by
// message, so that a list with many destinations counts as much as a single letter; and each destination gives its places
// to the messages that want them in turn, so that a list with one destination does so too. Deliveries that last give their
// places to others. All of it takes constant time.
#pragma once

#include <array>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/ipc/client.h"
#include "queue/qmgr/active.h"
#include "queue/qmgr/line.h"
#include "queue/qmgr/pace.h"
#include "queue/qmgr/transport_limits.h"

namespace postern::qmgr {

// Why nothing is tried for a while.
struct Suspension {
  Instant until{};
  std::string dsn, text;
};

struct Destination;
struct Turn;

// What one message has waiting for one destination. It stands in the line of one of the two, or nowhere.
struct Share {
  Destination* destination = nullptr;
  Turn* turn = nullptr;
  std::vector<Delivery> waiting;  // the next one last
  enum class Place { nowhere, destination, turn } place = Place::nowhere;
  Share* next = nullptr;
};

// Where deliveries go: a next hop, or one recipient where the transport takes one at a time.
struct Destination {
  Destination(std::string name, const WindowRules& rules) : key(std::move(name)), window(rules) {}
  std::string key;
  Window window;
  Pace pace = Pace::fresh;
  int lasted = 0;  // deliveries in a row, to a brisk one
  int under_way = 0;
  int offers = 0;          // shares that stand in the line of their turn
  std::size_t shares = 0;  // all of them
  bool pausing = false;    // the delay between deliveries has not passed
  std::optional<Suspension> dead;
  Line<Share> line;  // shares that wait for a place
};

// The shares of a message whose destinations, all of one pace, had a place for them.
struct Offers {
  Turn* turn = nullptr;
  Line<Share> line;
  bool in_line = false;
  Offers* next = nullptr;
};

// What one message has for the transport.
struct Turn {
  std::int64_t message = 0;
  std::unordered_map<Destination*, Share> shares;
  std::array<Offers, kPaces> offers;
};

// A delivery that is under way.
struct Hand {
  Destination* destination = nullptr;
  Instant begun{};
  Duration allowed{};       // with so much content it may last so long and be brisk
  Pace pace = Pace::fresh;  // whose place it has
};

class Transport {
 public:
  Transport(net::Loop& loop, const std::string& service, TransportLimits of)
      : name(service), agent(loop, "private/" + service), limits(of) {}
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // The destination of that name; it is made when there is none. It lives at least until something of it has ended.
  Destination& destination(const std::string& key);
  // Puts deliveries of one message for one destination in line, in this order.
  void add(std::vector<Delivery> deliveries, Destination& destination);
  using Hands = std::list<Hand>;
  struct Start {
    Destination* destination;
    Delivery delivery;
    Hands::iterator hand;
  };
  // The next delivery that may begin now; it counts as under way. Nothing when none may.
  std::optional<Start> next(Instant now);
  // When the oldest delivery gives its place to one that waits, should none end before. Nothing while none waits for that.
  std::optional<Instant> next_yield() const;
  // A delivery is over; the caller has told the window. The destination may be gone when this returns.
  enum class End { well, badly };
  void ended(Hands::iterator hand, End end, Instant now);
  // What waits in line for a place at a destination; it does not wait any more. What had an offer comes with next().
  std::vector<Delivery> take_waiting(Destination& destination);
  // What a message has waiting.
  std::vector<Delivery> take_waiting(std::int64_t message);
  // A destination may be tried again: the pause has passed, or it is no longer dead.
  void resume(Destination& destination);
  // Destinations that nobody needs, and whose death is over.
  void sweep(Instant now);

  const std::string name;
  ipc::Client agent;
  TransportLimits limits;
  bool pausing = false;
  std::optional<Instant> waking;  // for next_yield()
  std::optional<Suspension> dead;

 private:
  bool has_place(const Destination& destination) const;
  std::size_t places(Pace pace) const;
  Duration patience(Pace pace) const;
  bool find_place(Pace pace, Instant now);
  bool may_yield(Pace pace) const;
  std::optional<Start> next_of(Pace pace, Instant now);
  Start start(Share& share, Instant now);
  void judge(const Hand& hand, End end, Instant now);
  void offer(Share& share);
  void offer_more(Destination& destination, bool one_at_least);
  void withdraw(Share& share);
  void erase(Share& share);
  void put_back(Offers& offers, bool first);
  void erase_if_idle(Turn& turn);
  void erase_if_idle(Destination& destination);

  std::unordered_map<std::string, std::unique_ptr<Destination>> destinations_;
  std::unordered_map<std::int64_t, std::unique_ptr<Turn>> turns_;
  std::array<Line<Offers>, kPaces> lines_;      // of turns with offers
  std::array<std::int64_t, kPaces> in_line_{};  // how many of them
  std::array<Hands, kPaces> hands_;             // the oldest first
  Paces paces_;

 public:
  const std::unordered_map<std::string, std::unique_ptr<Destination>>& destinations() const {
    return destinations_;
  }
};

}  // namespace postern::qmgr
