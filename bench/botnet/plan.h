// The callers of a run, made from its seed: who they are, where they call from, and when.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "bench/botnet/kinds.h"
#include "bench/botnet/options.h"

namespace postern::botnet {

using Random = std::minstd_rand;

struct Caller {
  Kind kind;
  unsigned number;  // of its kind
  Duration start;   // after the beginning of the run
  Random random;    // its own, so that nothing depends on who is served first
};

// All callers, by start.
std::vector<Caller> make_plan(const Options& options);

// A whole number from `least` to `most`.
unsigned between(Random& random, unsigned least, unsigned most);

// An address of a bot's kind.
std::string bot_address(Caller& caller);
// The address of a legitimate sender's next attempt; from a pool, if its kind has some, another than `last`.
std::string sender_address(Caller& caller, const std::string& last);

}  // namespace postern::botnet
