// Who calls at a mail server on port 25: the kinds of bots, in the shares that published measurements of screening report,
// and the legitimate senders among them. Each kind has addresses of its own, 127.OCTET.0.0/16, so that a DNS list can know
// some of them and a log tells who came through.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace postern::botnet {

enum class Kind : std::uint8_t {
  eager,         // speaks at once
  tempted,       // speaks after the first line of a greeting, whatever follows it
  web,           // posts a form by HTTP
  pipeliner,     // waits for the greeting, then sends everything
  trickler,      // sends an octet a second
  leaves_early,  // before the greeting
  leaves_late,   // after it
  listed,        // behaves well; DNS lists know it
  bare_newline,  // ends lines with LF
  babbler,       // takes us for a proxy
  postfix,       // legitimate, from an address of its own
  gmail,         // legitimate, each attempt from another address of a /24
  outlook        // legitimate, each attempt from another address of a /26
};

struct Trait {
  Kind kind;
  std::string_view name;
  unsigned share;   // of a thousand bots, or of a thousand legitimate senders
  unsigned octet;   // the second of its addresses
  unsigned listed;  // percent of its addresses that DNS lists know: those with the lower third octets
};

constexpr std::size_t kKinds = 13;
constexpr std::array<Trait, kKinds> kTraits{{{Kind::eager, "eager", 240, 10, 70},
                                             {Kind::tempted, "tempted", 200, 11, 70},
                                             {Kind::web, "web", 30, 12, 0},
                                             {Kind::pipeliner, "pipeliner", 100, 13, 0},
                                             {Kind::trickler, "trickler", 20, 14, 0},
                                             {Kind::leaves_early, "leaves_early", 130, 15, 70},
                                             {Kind::leaves_late, "leaves_late", 50, 16, 0},
                                             {Kind::listed, "listed", 170, 17, 100},
                                             {Kind::bare_newline, "bare_newline", 40, 18, 0},
                                             {Kind::babbler, "babbler", 20, 19, 0},
                                             {Kind::postfix, "postfix", 400, 200, 0},
                                             {Kind::gmail, "gmail", 350, 201, 0},
                                             {Kind::outlook, "outlook", 250, 202, 0}}};

constexpr const Trait& trait(Kind kind) { return kTraits[static_cast<std::size_t>(kind)]; }
constexpr bool is_legitimate(Kind kind) { return kind >= Kind::postfix; }

// Whether DNS lists know 127.second.third.x.
constexpr bool is_listed(unsigned second, unsigned third) {
  for (const Trait& one : kTraits) {
    if (one.octet == second) return third * 100 < one.listed * 256;
  }
  return false;
}

}  // namespace postern::botnet
