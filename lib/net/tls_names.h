// What a server makes of a ClientHello: which names it answers to, with which keys; which protocols it speaks; whether the
// client can be trusted not to be somebody's tool.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/net/tls_server.h"

struct ssl_ctx_st;
struct ssl_st;
struct x509_st;

namespace postern::net {

// The names that clients may ask for (SNI).
class TlsNames {
 public:
  // Reads the keys of the names; names whose keys cannot be used are a problem, and are not known. `context` has the
  // certificates for everybody else.
  TlsNames(ssl_ctx_st* context, const TlsServerOptions& options, std::vector<std::string>& problems);
  ~TlsNames();
  TlsNames(const TlsNames&) = delete;
  TlsNames& operator=(const TlsNames&) = delete;

  enum class Answer : std::uint8_t { known, unknown, broken };
  // Has the connection use the keys of the name, in any case and with or without a dot at the end, or leaves it those of
  // everybody. unknown: it is none of ours; broken: OpenSSL does not take the keys.
  Answer choose(ssl_st* ssl, std::string_view name) const;

 private:
  struct Keys;
  const Keys* keys_of(std::string_view name) const;
  std::map<std::string, std::unique_ptr<Keys>, std::less<>> named_;
  std::vector<x509_st*> usual_;  // certificates for everybody else; the context has them
  std::string host_;
};

// Has a server look at what each client says first. The server outlives its connections.
void judge_hello(const TlsServer& server);

}  // namespace postern::net
