#include "lib/table/transport.h"

#include "lib/base/text.h"

namespace postern::table {

namespace {

std::vector<std::string> transport_keys(std::string_view address, std::string_view domain,
                                        std::string_view delimiters, MatchList::Kind parents) {
  std::vector<std::string> keys;
  for (Match& match : address_keys(address, delimiters, AddressKeys::full)) {
    if (!match.key.starts_with('@')) keys.push_back(std::move(match.key));
  }
  keys.emplace_back(domain);
  const bool dotted = parents == MatchList::Kind::domains;
  for (auto dot = domain.find('.', 1); dot < domain.size(); dot = domain.find('.', dot + 1)) {
    keys.emplace_back(domain.substr(dotted ? dot : dot + 1));
  }
  keys.emplace_back("*");
  return keys;
}

}  // namespace

Destination parse_destination(std::string_view text) {
  const auto colon = text.find(':');
  const auto nexthop = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  return {std::string(trim(text.substr(0, colon))), std::string(trim(nexthop))};
}

net::Task<Result<std::optional<Destination>>> TransportMaps::lookup(std::string_view address,
                                                                    std::string_view domain,
                                                                    std::string_view delimiters) const {
  using Answer = Result<std::optional<Destination>>;
  const auto keys = transport_keys(address, domain, delimiters, parents_);
  for (const auto& key : keys) {
    const auto kind = &key == keys.data() ? Maps::Key::whole : Maps::Key::part;
    auto found = co_await maps_.lookup(key, kind);
    if (!found) co_return fail(found.error());
    if (!*found) continue;
    auto destination = parse_destination(**found);
    co_return Answer(std::move(destination));
  }
  co_return Answer(std::nullopt);
}

}  // namespace postern::table
