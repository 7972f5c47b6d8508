// What became of the tricklers, and the report as JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/trickle/trickler.h"

namespace postern::trickle {

class Tally {
 public:
  // Those of one phase, whose limit with the grace is `most`.
  Tally(std::string_view name, Duration most) : name_(name), most_(most) {}

  void called() { ++calls_; }
  // One ended; `held`: how long it trickled.
  void ended(Trickler::End end, Duration held);
  // One still trickles when the run is over.
  void stays(Duration held);
  // "name": {calls, told, closed, refused, unreached, stay, late, held_s: {p50, p99, max}}
  std::string json();
  std::size_t late() const { return late_; }

 private:
  double percentile(std::size_t percent);
  void note(Duration held);

  std::string_view name_;
  Duration most_;
  std::size_t calls_ = 0, told_ = 0, closed_ = 0, refused_ = 0, unreached_ = 0, stay_ = 0, late_ = 0;
  std::vector<double> held_;
};

}  // namespace postern::trickle
