// As much of TLS as a trickler needs.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace postern::trickle {

using Ssl = std::unique_ptr<SSL, decltype(&SSL_free)>;

// The client's side of a connection that is open, for SSL_do_handshake() and so on; its certificate is not looked at.
Ssl client_on(int fd);

// The first message of a handshake, as it goes over the wire.
std::string client_hello();

}  // namespace postern::trickle
