// A run: tricklers call one after the other, trickle all at once, and may call again when they were sent away.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "bench/trickle/options.h"
#include "bench/trickle/tally.h"
#include "bench/trickle/trickler.h"
#include "lib/base/fd.h"

namespace postern::trickle {

class Run {
 public:
  explicit Run(const Options& options);

  // Prints a line when all trickle or have not become more for the time to settle, and returns the report when all have ended or somebody
  // has set `stop`.
  std::string all(const std::atomic<bool>& stop);

 private:
  std::size_t phase_of(std::size_t number) const { return number % phases_.size(); }
  Duration limit_of(const Phase& phase) const;
  void call_next();
  void call(std::size_t number);
  void drip();
  void attend(std::size_t number, std::uint32_t events);
  void look_after(std::size_t number);
  void announce();
  bool is_over() const;
  std::string report();

  const Options options_;
  std::vector<Phase> phases_;
  std::vector<Tally> tallies_;
  std::vector<Trickler> tricklers_;
  std::vector<std::uint32_t> watched_;  // what epoll watches each for
  std::vector<std::size_t> again_;      // who calls again
  Fd epoll_;
  Instant started_{}, now_{}, grew_{};  // grew_: there were never as many before
  std::size_t calls_ = 0;               // from the beginning
  std::size_t callers_ = 0;             // of these, the first ones of each
  std::size_t open_ = 0;
  std::size_t trickling_ = 0, most_ = 0;
  std::size_t turn_ = 0;  // the next that drips
  double due_ = 0;        // octets that are due
  Instant dripped_{};
  bool announced_ = false;
};

}  // namespace postern::trickle
