#include "smtp/destination.h"

#include "lib/base/text.h"
#include "lib/config/ports.h"

namespace postern::smtp {

namespace {

Failure wrong(std::string_view text, std::string_view why) {
  return fail(Errc::invalid, concat("bad destination \"", text, "\": ", why));
}

// The host and what stands behind it: "[host]:port", "host:port", "host".
struct Parts {
  std::string_view host, port;
  bool bracketed = false;
};

Result<Parts> split(std::string_view text) {
  Parts parts;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return wrong(text, "missing ']'");
    parts.host = text.substr(1, end - 1);
    parts.bracketed = true;
    text.remove_prefix(end + 1);
    if (!text.empty() && text[0] != ':') return wrong(text, "garbage behind ']'");
    if (!text.empty()) parts.port = text.substr(1);
    return parts;
  }
  const auto colon = text.rfind(':');
  parts.host = text.substr(0, colon);
  if (colon != std::string_view::npos) parts.port = text.substr(colon + 1);
  return parts;
}

Result<Destination> parse_one(std::string_view text, unsigned default_port, bool is_lmtp) {
  Destination one;
  one.text = text;
  if (is_lmtp && text.starts_with("unix:")) {
    one.host = text.substr(5);
    one.is_unix = true;
    one.has_exchangers = false;
    if (one.host.empty()) return wrong(text, "missing path");
    return one;
  }
  const auto parts = split(is_lmtp && text.starts_with("inet:") ? text.substr(5) : text);
  if (!parts) return fail(parts.error());
  one.has_exchangers = !is_lmtp && !parts->bracketed;
  one.host = istarts_with(parts->host, "ipv6:") && parts->bracketed ? parts->host.substr(5) : parts->host;
  if (one.host.ends_with('.')) one.host.pop_back();
  if (one.host.empty()) return wrong(text, "missing host");
  one.port = default_port;
  if (!parts->port.empty()) {
    const auto port = config::port_number(std::string(parts->port));
    if (!port) return wrong(text, port.error().text);
    one.port = *port;
  }
  return one;
}

}  // namespace

Result<std::vector<Destination>> parse_destinations(std::string_view nexthop, unsigned default_port,
                                                    config::Side side) {
  std::vector<Destination> all;
  for (const auto word : split_words(nexthop)) {
    auto one = parse_one(word, default_port, side == config::Side::lmtp);
    if (!one) return fail(one.error());
    all.push_back(std::move(*one));
  }
  if (all.empty()) return wrong(nexthop, "empty");
  return all;
}

}  // namespace postern::smtp
