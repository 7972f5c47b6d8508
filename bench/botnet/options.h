// What the simulator is told.
#pragma once

#include "bench/options.h"
#include "lib/base/time.h"

namespace postern::botnet {

struct Options : bench::Options {
  Options() {
    numbers = {
        {"port", 2525},      // of 127.0.0.1
        {"bots", 20000},     // beside the legitimate senders
        {"percent", 1},      // so many legitimate senders of a hundred bots
        {"rate", 1000},      // new connections a second
        {"most", 0},         // callers at a time; 0: any number
        {"seed", 1},         // the same seed gives the same callers
        {"greet_ms", 6000},  // how long the server holds its greeting back
        {"retry_ms", 2000},  // a sender's first wait after a temporary refusal; the next are longer
        {"attempts", 12},    // then it gives up
        {"patience", 30},    // seconds for a reply
        {"hold", 0},         // connections to open and hold until the greeting
    };
  }
  Duration patience() const { return seconds((*this)["patience"]); }
  Duration greet_wait() const { return milliseconds((*this)["greet_ms"]); }

  // As those of the base; a rate that never calls fails too.
  Result<void> read(std::span<const char* const> words) {
    auto understood = bench::Options::read(words);
    if (understood && (*this)["rate"] < 1) return fail(Errc::invalid, "rate is at least 1");
    return understood;
  }
};

}  // namespace postern::botnet
