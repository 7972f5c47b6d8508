#include "lib/config/ports.h"

#include <netdb.h>
#include <netinet/in.h>

#include <string_view>

#include "lib/base/text.h"

namespace postern::config {

namespace {

// The ports of mail, for a host without /etc/services.
struct KnownPort {
  std::string_view name;
  unsigned number;
};
constexpr KnownPort kKnownPorts[] = {{"lmtp", 24},         {"smtp", 25},        {"smtps", 465},
                                     {"submissions", 465}, {"submission", 587}, {"qmqp", 628}};

}  // namespace

Result<unsigned> port_number(const std::string& port) {
  if (const auto number = parse_number(port)) {
    if (*number < 1 || *number > 65535) return fail(Errc::invalid, concat("bad port number: ", port));
    return static_cast<unsigned>(*number);
  }
  for (const KnownPort& known : kKnownPorts) {
    if (known.name == port) return known.number;
  }
  const servent* found = ::getservbyname(port.c_str(), "tcp");
  if (found == nullptr) return fail(Errc::not_found, concat("unknown service name: ", port));
  return static_cast<unsigned>(ntohs(static_cast<std::uint16_t>(found->s_port)));
}

}  // namespace postern::config
