// One connection's TLS state over a non-blocking socket. It does a step and says what it waits for; who waits is
// Stream. Its reading uses what Readiness knows, so that it makes no system call that would say EAGAIN.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/net/readiness.h"
#include "lib/net/tls.h"
#include "lib/net/tls_guard.h"
#include "lib/net/tls_memory.h"
#include "lib/net/tls_records.h"
#include "lib/net/tls_server.h"

struct ssl_session_st;

namespace postern::net {

class TlsConnection {
 public:
  enum class Step { done, wants_read, wants_write, closed, broken };

  // Fails with io (out of memory), invalid (what the peer asks for: protocols, ciphers, digests).
  static Result<std::unique_ptr<TlsConnection>> client(const TlsClient& client, const TlsClientPeer& peer,
                                                       int fd, Readiness& readiness);
  // Without OpenSSL until begin(): a client that never says anything whole costs no more than one in plain text.
  TlsConnection(const TlsServer& server, int fd, Readiness& readiness);
  // Fails with io.
  Result<void> begin();
  // Says goodbye to the peer, without waiting.
  ~TlsConnection();
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  Step handshake();
  // At most `size` bytes; `count` says how many it was. closed: the peer has ended the stream.
  Step read(char* data, std::size_t size, std::size_t& count);
  Step write(std::string_view data, std::size_t& count);
  // Whether something was received that read() has not yet looked at.
  bool has_pending() const;
  // After broken: why. lost (the connection went), invalid (a breach of the protocol), denied (a breach that guard() names).
  Error error() const { return error_; }
  // What is allowed to the peer, and whether it has gone beyond that.
  TlsGuard& guard() { return guard_; }
  const TlsGuard& guard() const { return guard_; }
  // The connection to which OpenSSL's object belongs.
  static TlsConnection& of(ssl_st* ssl);

  // Receives what is there. part: nothing yet that OpenSSL could make something of; record: a whole one, or what is none;
  // end: of the connection, or an error, which the next step meets too.
  enum class Gathered { part, record, end };
  Gathered gather();
  // The peer takes its time: gives back the memory that does nothing meanwhile.
  void rest() { memory_.rest(); }
  // A step may be done by another thread: the socket, and who waits for it, belong to the loop's.
  // Until come_back() OpenSSL reads what was gathered, and what it writes is kept.
  void go_away() { away_ = keeps_ = true; }
  void come_back() { away_ = keeps_ = false; }
  // Sends what was kept, as far as the socket takes it: done, wants_write, broken.
  Step send_kept();

  // After the handshake.
  TlsFacts facts(const TlsClientPeer& peer) const;
  // Of a server: the client's certificate is trusted or not, and asked for nothing more. `digest`: of its fingerprint.
  TlsFacts facts_of_client(const std::string& digest) const;
  // Nobody resumes this session.
  void forget_session();

 private:
  TlsConnection(ssl_ctx_st* context, int fd, Readiness& readiness);
  TlsFacts common_facts() const;
  Result<void> configure(const TlsClient& client, const TlsClientPeer& peer);
  bool is_alive() const { return ssl_ != nullptr && !dead_; }
  Step step_of(int returned);
  Step conclude(int returned);
  Step breached();
  Step established();
  bool is_worth_reading() const;
  long collect();
  friend struct TlsTransport;
  friend struct TlsCallbacks;

  TlsMemory memory_;  // of ssl_, which it outlives
  ssl_ctx_st* context_;
  ssl_st* ssl_ = nullptr;
  int fd_;
  Readiness& readiness_;
  TlsSessions* sessions_ = nullptr;
  std::string session_key_;
  Error error_;
  int sys_ = 0;     // errno of the last transfer that failed
  int failed_ = 0;  // of receiving: the socket says it only once
  bool dead_ = false;
  bool away_ = false, keeps_ = false;  // without the socket; without sending
  TlsRecords records_;
  std::string kept_;
  TlsGuard guard_;
};

// What OpenSSL tells a context of a client; tls_client.cpp installs it.
struct TlsCallbacks {
  static int new_session(ssl_st* ssl, ssl_session_st* session);
};

// Adds what a certificate says and how it fits what was asked for.
void judge_certificate(ssl_st* ssl, const TlsClientPeer& peer, TlsFacts& facts);
// The same of a server for the certificate of its client.
void judge_client(ssl_st* ssl, const std::string& digest, TlsFacts& facts);

}  // namespace postern::net
