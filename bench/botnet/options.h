// What the simulator is told: words of the form name=value.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace postern::botnet {

struct Options {
  std::map<std::string, std::int64_t, std::less<>> numbers{
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
  std::string to = "user@discard.test";

  std::int64_t operator[](std::string_view name) const { return numbers.find(name)->second; }
  Duration patience() const { return seconds((*this)["patience"]); }
  Duration greet_wait() const { return milliseconds((*this)["greet_ms"]); }

  // Fails with invalid.
  static Result<Options> parse(int count, const char* const* words);
};

}  // namespace postern::botnet
