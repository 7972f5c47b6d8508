// What the load generator is told.
#pragma once

#include "bench/options.h"
#include "lib/base/time.h"

namespace postern::trickle {

struct Options : bench::Options {
  Options() {
    numbers = {
        {"port", 2525},        // of 127.0.0.1
        {"count", 10000},      // tricklers
        {"kinds", 255},        // a bit for each phase: see phases.cpp
        {"rate", 2000},        // new connections a second
        {"every_ms", 1000},    // between two octets of a trickler
        {"again", 0},          // 1: who was sent away calls again
        {"request_s", 300},    // limits of the server: for a request,
        {"first_s", 60},       //   for the first command,
        {"handshake_s", 300},  //   and for a handshake
        {"grace_ms", 2000},    // who is held for longer than the limit and this was sent away late
        {"settle_s", 10},      // when no more of them come to trickle for so long, all are there
        {"seconds", 1000000},  // in all
    };
  }

  Result<void> read(std::span<const char* const> words) {
    auto understood = bench::Options::read(words);
    if (understood && ((*this)["rate"] < 1 || (*this)["every_ms"] < 1 || ((*this)["kinds"] & 255) == 0)) {
      return fail(Errc::invalid, "rate, every_ms and kinds are at least 1");
    }
    return understood;
  }
};

}  // namespace postern::trickle
