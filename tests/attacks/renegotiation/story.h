// The parts of the play. Each tells on standard output what it says and hears, for whoever wants to follow.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/attacks/renegotiation/records.h"
#include "tests/attacks/renegotiation/socket.h"

namespace attack {

inline constexpr std::string_view kAttacker = "attacker", kServer = "server", kVictim = "victim";
inline constexpr std::string_view kVictimName = "victim.example";

// "attacker: …", one line, whoever else tells something at the same time.
void tell(std::string_view who, std::string_view what);

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;    // of the server
  std::uint16_t listen = 0;  // our own; 0: any
  bool listens = false;      // attack: the victim is somebody else, who connects to us
  bool wrapped = false;      // TLS from the connection on
  bool eager = false;        // victim: says all that it has to say at once
  bool chunk = false;        // attack: the prefix ends within a chunk, and not within the letter after DATA
  bool own_tls = false;      // server: our own TLS of before 2009, and not OpenSSL's
  bool signals = false;      // victim, server with own TLS: knows of RFC 5746
  bool asks = false;         // server with own TLS: asks the client to negotiate anew (HelloRequest)
  bool tls13 = false;        // attack: the same on TLS 1.3
  std::string certificate, mailbox, ca_file;
  std::string sender = "mallory@attacker.example", recipient = "mallory@sandbox.test";
  std::chrono::milliseconds patience{5000};
};

// A little server that takes part in renegotiations, and keeps each letter in the mailbox. Does not return.
void serve(const Options& options);

// A client of before 2009 that has a letter to send. Throws Gone where the server or its TLS is not as it should be.
void be_victim(const Options& options);

// What came of an attack; also the exit status.
enum Outcome : std::uint8_t { kFailed = 0, kSucceeded = 1, kUntried = 2 };
Outcome attack(const Options& options);
// ClientHello within a session of TLS 1.3.
Outcome attack_tls13(const Options& options);

}  // namespace attack
