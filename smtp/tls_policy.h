// How much TLS a destination must have (smtp_tls_security_level, smtp_tls_policy_maps, DANE after RFC 7672), and what its
// certificate must show.
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "lib/net/task.h"
#include "lib/net/tls.h"
#include "smtp/destination.h"
#include "smtp/host.h"
#include "smtp/names.h"
#include "smtp/setup.h"
#include "smtp/trouble.h"

namespace postern::smtp {

enum class TlsLevel { none, may, encrypt, fingerprint, dane, dane_only, verify, secure };

struct TlsPolicy {
  TlsLevel level = TlsLevel::none;
  net::TlsClientPeer peer;  // what is asked of the server
  bool reuse = false;       // smtp_tls_connection_reuse
  std::string asked;  // the configured level, and what it rests on: where two are the same, servers compare

  bool is_wanted() const { return level > TlsLevel::none; }
  bool is_required() const { return level > TlsLevel::may; }
};

// A level's name, in any case; nothing for another word.
std::optional<TlsLevel> parse_tls_level(std::string_view word);

// What a table says of a destination: "secure match=.example.com ciphers=high". Attributes that are not there are left
// empty. Fails with invalid; the text names the word.
struct TlsPolicyText {
  TlsLevel level = TlsLevel::none;
  std::string protocols, ciphers, exclude, match, servername;
  std::optional<bool> reuse;
};
Result<TlsPolicyText> parse_tls_policy(std::string_view text);

using PolicyAnswer = tl::expected<TlsPolicy, Trouble>;

// The policy for one host of a destination. Both live until the task has ended. The trouble is a temporary one.
net::Task<PolicyAnswer> find_tls_policy(const Setup& setup, Names& names, const Destination& destination,
                                        const Host& host, Deadline deadline);

}  // namespace postern::smtp
