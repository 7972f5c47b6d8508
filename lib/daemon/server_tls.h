// TLS of a service that clients connect to, as main.cf wants it (smtpd_tls_*): what smtpd and screen have in common.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/config/params/smtpd_tls_params.h"
#include "lib/net/tls.h"
#include "lib/net/tls_server.h"

namespace postern::daemon {

class Context;

enum class TlsLevel : unsigned char { none, may, encrypt };

// What smtpd_tls_security_level and its like say: the word, or where it is empty the obsolete pair of switches. A level
// that is a client's is taken as encrypt, with a warning that names `parameter`. Fails with invalid: another word.
Result<TlsLevel> tls_level(std::string_view parameter, std::string_view word, bool use, bool enforce);

struct ServerTls {
  TlsLevel level = TlsLevel::none;
  int log_level = 0;
  bool requires_certificate = false;          // of the client: at level encrypt only
  std::unique_ptr<net::TlsServer> context{};  // null: TLS is not wanted, or could not be had: then 454

  // Before the jail: tickets that the processes of an instance share, if master gave their keys; threads for handshakes.
  void prepare(Context& process) const;
  bool is_wanted() const { return level != TlsLevel::none; }
  bool is_required() const { return level == TlsLevel::encrypt; }
  // A client's certificate that was required and is not there, or is not trusted: what to say of it, in Postfix's words.
  // Empty: all is well.
  std::string_view objection(const net::TlsFacts& facts) const;
};

// Opens what the level needs, before the jail. Files that cannot be used are no error: warnings say what is wrong, and
// there is no context. Fails with invalid when a parameter of smtpd_tls_* has no such value.
Result<ServerTls> open_server_tls(const config::Settings& settings, TlsLevel level);

// The log lines of a handshake, as Postfix writes them: "Anonymous TLS connection established from CLIENT: …", or
// "SSL_accept error from CLIENT: lost connection". `client`: "name[address]".
void log_tls(const ServerTls& tls, std::string_view client, const Result<net::TlsFacts>& facts);

}  // namespace postern::daemon
