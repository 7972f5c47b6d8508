// The DNS lists of postscreen_dnsbl_sites: "domain[=filter][*weight]" words, where several may share a domain.
#pragma once

#include <array>
#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/words.h"

namespace postern::screening {

using Ipv4 = std::array<unsigned char, 4>;

// Which addresses of a reply count: "127.0.0.2", or with several numbers in a place, "127.0.[0;2..4].[1..255]".
class ReplyFilter {
 public:
  // Fails with invalid; the text says what is wrong.
  static Result<ReplyFilter> parse(std::string_view text);
  bool matches(const Ipv4& address) const;

 private:
  std::array<std::bitset<256>, 4> numbers_;
};

// One way in which a list counts. Without a filter any address does.
struct DnsSite {
  std::optional<ReplyFilter> filter;
  int weight = 1;
  bool matches(const std::vector<Ipv4>& addresses) const;
};

// One domain to ask in, with all of its sites.
struct DnsList {
  std::string domain;  // as it was written first
  std::vector<DnsSite> sites;
};

// The sites of a value, grouped by domain, in the order in which the domains come. Fails with invalid: "PARAMETER: WORD: why".
Result<std::vector<DnsList>> dns_lists(std::string_view parameter, const config::List& words);

}  // namespace postern::screening
