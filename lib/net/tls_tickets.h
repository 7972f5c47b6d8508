// Keys of session tickets (RFC 5077, RFC 8446 4.6.1) that the processes of a service share: a client resumes its session with
// whichever of them takes its next connection. Where the keys come from, and when they go, others know.
#pragma once

#include <array>
#include <vector>

struct evp_cipher_ctx_st;
struct evp_mac_ctx_st;
struct ssl_st;

namespace postern::net {

struct TlsTicketKey {
  std::array<unsigned char, 16> name{};  // stands in the ticket
  std::array<unsigned char, 32> cipher{}, mac{};
};

class TlsTicketKeys {
 public:
  virtual ~TlsTicketKeys() = default;
  // The keys at this moment; any thread may ask. The first is for new tickets; a ticket of one of the others is still
  // good, and replaced by a new one, as all of TLS 1.3 are. There is at least one.
  virtual std::vector<TlsTicketKey> current() = 0;
};

// What OpenSSL asks a context of a server (SSL_CTX_set_tlsext_ticket_key_evp_cb(3)).
struct TlsTicketCallback {
  static int prepare(ssl_st* ssl, unsigned char* name, unsigned char* iv, evp_cipher_ctx_st* cipher,
                     evp_mac_ctx_st* mac, int is_new);
};

}  // namespace postern::net
