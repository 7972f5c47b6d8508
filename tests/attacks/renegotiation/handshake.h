// The handshake of TLS 1.2 as it was before RFC 5746: neither side says whether it knows of an earlier one in the same
// connection. RSA key exchange, AES-128-GCM, no extensions.
#pragma once

#include <string>

#include "tests/attacks/renegotiation/crypto.h"
#include "tests/attacks/renegotiation/records.h"

namespace attack {

inline constexpr std::size_t kRandomSize = 32;

struct ClientWays {
  // Say that we know of RFC 5746 (TLS_EMPTY_RENEGOTIATION_INFO_SCSV), for servers that require it. What an attacker says
  // of itself does not protect its victim.
  bool signals = false;
  std::string ca_file;  // the server's certificate must be signed by one of these; empty: any will do
};

// The ClientHello of such a client, as a handshake message; `random` has kRandomSize bytes.
std::string client_hello(const std::string& random, bool signals);

// A whole handshake as client; the records are sealed afterwards. Throws Gone.
void shake_hands(Records& records, const ClientWays& ways);

struct ServerKeys {
  Key key;
  std::string certificate;  // DER
  bool signals = false;     // say in ServerHello that we know of RFC 5746: true only of a first handshake
};
// Reads key and certificate from a PEM file. Throws Unable.
ServerKeys server_keys(const std::string& path);

// The same as server. `first`: what has come already of the client's first message. The messages go through whatever seals
// the records have, so that the first handshake and a later one are the same to it: that is the hole.
void take_hand(Records& records, const ServerKeys& keys, std::string first);

// HelloRequest: the client should begin another handshake.
void ask_for_hello(Records& records);

}  // namespace attack
