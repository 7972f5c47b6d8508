// transport:nexthop pairs and transport_maps, by the rules of transport(5).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/table/maps.h"
#include "lib/table/match_list.h"

namespace postern::table {

// Either part may be empty, which leaves it to the context. The nexthop is any text: a domain, "[host]:port",
// or for error: and discard: what is to be said.
struct Destination {
  std::string transport;
  std::string nexthop;
};
// "smtp:[mx.example]:25", "local:", ":example.com", "virtual": split at the first colon.
Destination parse_destination(std::string_view text);

class TransportMaps {
 public:
  TransportMaps() = default;
  // `parents`: whether a key "example.com" also stands for the names below it, or only ".example.com" does.
  TransportMaps(Maps maps, MatchList::Kind parents) : maps_(std::move(maps)), parents_(parents) {}

  bool empty() const { return maps_.empty(); }

  // Looks up user+extension@domain, user@domain, domain, its parents, and "*". Nothing when no key is there.
  // Fails when a table fails. The arguments must live until the task has ended.
  net::Task<Result<std::optional<Destination>>> lookup(std::string_view address, std::string_view domain,
                                                       std::string_view delimiters) const;

 private:
  Maps maps_;
  MatchList::Kind parents_ = MatchList::Kind::domains;
};

}  // namespace postern::table
