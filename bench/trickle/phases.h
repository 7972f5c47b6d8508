// Where in a session a trickler starts to trickle.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::trickle {

// Which limit of the server is to end it.
enum class Limit : std::uint8_t { request, first, handshake };

struct Phase {
  std::string_view name;
  std::vector<std::string> before;  // commands, each of which gets a reply; the greeting comes first
  std::string at_once;              // then this
  std::string drip;                 // and then these octets one at a time, the last again and again
  Limit limit = Limit::request;
  bool encrypted = false;     // a whole handshake comes before what is sent at once
  bool reads_slowly = false;  // an octet at a time, with a tiny window
};

// All there are; the option `kinds` has a bit for each, in this order. `to`: a recipient that the server takes.
std::vector<Phase> all_phases(const std::string& to);

}  // namespace postern::trickle
