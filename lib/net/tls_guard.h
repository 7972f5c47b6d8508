// What a peer may do within TLS beside sending data. OpenSSL goes on after a refused renegotiation, and after any number of
// key updates, alerts and records without content; here each of them is counted against what the peer has delivered, and a
// breach ends the connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace postern::net {

// Why a connection was ended although OpenSSL would have gone on, or in words that say more than OpenSSL's.
enum class TlsBreach : std::uint8_t {
  none,
  renegotiation,  // the peer tries to negotiate anew
  insecure_peer,  // TLS 1.2 or older without RFC 5746 (or, of a client, RFC 7627)
  flood,          // messages, alerts or records that carry nothing
  plain_text,     // where the handshake should begin: an injection, after STARTTLS
  alpn,           // the client speaks other protocols, and not ours
  server_name,    // the client asks for a server that is not here
  library,        // OpenSSL could not go on with what came after the handshake; the text is OpenSSL's own
};

// What a server does that chooses a protocol which we did not offer.
inline constexpr std::string_view kNotOffered = "chooses a protocol (ALPN) that was not offered";

class TlsGuard {
 public:
  // Beyond these, and what was earned by data, the connection ends.
  static constexpr std::uint64_t kHandshakeBytes = 256 * 1024;  // a certificate of 100 KiB, and more
  static constexpr std::uint64_t kHandshakeRecords = 64;        // and one for each kBytesPerFragment
  static constexpr std::uint64_t kBytesPerFragment = 64;        // whole records, as they were received
  static constexpr std::uint64_t kIdleMessages = 16;            // key updates, tickets, alerts
  static constexpr std::uint64_t kBytesPerMessage = 64 * 1024;  // of data, both ways: one more of them
  static constexpr std::uint64_t kSmallRecords = 16 * 1024;     // records with data, or without
  static constexpr std::uint64_t kBytesPerRecord = 2;           // of data: one more of them

  // Has a context's connections watched; each has a guard as of_connection() finds it.
  static void watch(ssl_ctx_st* context);

  // The handshake is done: from now on there is nothing to negotiate.
  void establish() { established_ = true; }
  bool is_established() const { return established_; }
  // OpenSSL could not go on with what came, within an established session. `unexpected`: it was no message for this moment.
  void fail(bool unexpected, std::string report);
  // Bytes came from the peer, before OpenSSL sees them.
  void received(const char* data, std::size_t size);
  // Data was read out of the connection, or written to it.
  void delivered(std::size_t size) { data_ += size; }
  void sent(std::size_t size) { sent_ += size; }

  // Ends the connection, unless it has ended already. `detail`: what to say of the peer; empty: what the breach is called.
  void end(TlsBreach breach, std::string detail = {});
  TlsBreach breach() const { return breach_; }
  bool is_broken() const { return breach_ != TlsBreach::none; }
  // What the peer does, to stand behind its name: "tries to renegotiate". Empty: nothing wrong.
  std::string text() const;

 private:
  static void on_message(int is_written, int version, int type, const void* data, std::size_t size,
                         ssl_st* ssl, void* unused);
  void record(unsigned char type, bool may_renegotiate);
  void idle_message(std::string_view what);

  std::uint64_t raw_ = 0;   // bytes received while shaking hands
  std::uint64_t data_ = 0;  // bytes of data since
  std::uint64_t sent_ = 0;  // the same the other way
  std::uint32_t records_ = 0;
  std::uint32_t idle_messages_ = 0;
  TlsBreach breach_ = TlsBreach::none;
  bool established_ = false;
  unsigned char last_type_ = 0;  // of the record that came last, as TLS 1.3 has it inside
  std::string detail_;
};

}  // namespace postern::net
