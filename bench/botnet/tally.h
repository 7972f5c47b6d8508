// What a run has seen, and its report as JSON.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bench/botnet/call.h"
#include "bench/botnet/kinds.h"
#include "bench/botnet/senders.h"

namespace postern::botnet {

// Times, and where most of them are.
class Times {
 public:
  void add(Duration time) { all_.push_back(time); }
  // {"p50": …, "p99": …, "max": …} in milliseconds.
  std::string json();

 private:
  double at(std::size_t percent);
  std::vector<Duration> all_;
};

class Tally {
 public:
  void add(Kind kind, const Visit& visit);
  void add(Kind kind, const Delivery& delivery);
  // One of those that are only held.
  void add_holder(const Visit& visit) { ++holders_.outcomes[visit.outcome()]; }
  // How much later than due a new client was greeted.
  void add_late(Duration time) { late_.add(time); }
  // One object: per kind its connections and their outcomes, and what became of the messages of legitimate senders.
  std::string json(Duration total);

 private:
  struct Row {
    std::size_t connections = 0;
    std::size_t greeted = 0;
    std::map<std::string, std::size_t> outcomes;
    std::size_t messages = 0;
    std::size_t delivered = 0;
    std::size_t at_first = 0;
    std::size_t refused = 0;
    std::size_t attempts = 0;
    Times until_accepted;
  };
  static std::string json(Row& row, bool legitimate);
  std::array<Row, kKinds> rows_;
  Row holders_;
  Times late_, rcpt_;
};

}  // namespace postern::botnet
