// TLS as OpenSSL does it, over a socket that waits.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "tests/attacks/renegotiation/socket.h"

namespace attack {

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

class OpenSslChannel : public Channel {
 public:
  // Does the handshake. Throws Gone.
  OpenSslChannel(SSL_CTX* context, Socket& socket, bool is_server);
  void write(std::string_view data) override;
  std::string some() override;

 private:
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

// A server's context as nobody should have one: TLS 1.2 with renegotiation for everybody. Throws Unable.
Context careless_context(const std::string& certificate);

}  // namespace attack
