#include "lib/net/tls_guard.h"

#include <openssl/ssl.h>

#include <utility>

#include "lib/base/text.h"
#include "lib/net/tls_connection.h"

namespace postern::net {

namespace {

constexpr unsigned char kHandshakeRecord = SSL3_RT_HANDSHAKE;
constexpr unsigned char kFirstOfOldHello = 0x80;  // SSL 2's, with which some began TLS

std::string_view name_of(TlsBreach breach) {
  switch (breach) {
    case TlsBreach::none: return {};
    case TlsBreach::renegotiation: return "tries to renegotiate";
    case TlsBreach::insecure_peer:
      return "offers neither secure renegotiation (RFC 5746) nor extended master secret (RFC 7627)";
    case TlsBreach::flood: return "sends too much that is no data";
    case TlsBreach::plain_text: return "sends plain text where TLS should begin";
    case TlsBreach::alpn: return "speaks another protocol";
    case TlsBreach::server_name: return "asks for another server";
    case TlsBreach::library: return "error";
  }
  return {};
}

}  // namespace

void TlsGuard::watch(SSL_CTX* context) { SSL_CTX_set_msg_callback(context, &TlsGuard::on_message); }

void TlsGuard::received(const char* data, std::size_t size) {
  if (established_) return;
  if (raw_ == 0) {
    const auto first = static_cast<unsigned char>(data[0]);
    // OpenSSL says what is wrong with it; the breach is for the count.
    if (first != kHandshakeRecord && first < kFirstOfOldHello && first != SSL3_RT_ALERT) {
      end(TlsBreach::plain_text);
    }
  }
  raw_ += size;
  if (raw_ > kHandshakeBytes) end(TlsBreach::flood, "sends a TLS handshake without end");
}

void TlsGuard::end(TlsBreach breach, std::string detail) {
  if (is_broken()) return;
  breach_ = breach;
  detail_ = std::move(detail);
}

// In TLS 1.3 what begins a handshake (ClientHello, HelloRequest) is a message like any other that has no place here.
void TlsGuard::fail(bool unexpected, std::string report) {
  if (!established_) return;
  if (unexpected && last_type_ == kHandshakeRecord) {
    return end(TlsBreach::renegotiation, "begins a handshake within a session of TLS 1.3");
  }
  end(TlsBreach::library, std::move(report));
}

std::string TlsGuard::text() const { return detail_.empty() ? std::string(name_of(breach_)) : detail_; }

void TlsGuard::on_message(int is_written, int version, int type, const void* data, std::size_t size, SSL* ssl,
                          void*) {
  if (is_written != 0 || size == 0) return;
  TlsGuard& guard = TlsConnection::of(ssl).guard();
  const auto first = *static_cast<const unsigned char*>(data);
  if (type == SSL3_RT_HEADER) {
    guard.record(first, SSL_version(ssl) < TLS1_3_VERSION);
  } else if (type == SSL3_RT_INNER_CONTENT_TYPE) {
    guard.last_type_ = first;
  } else if (guard.established_ && type == SSL3_RT_HANDSHAKE) {
    guard.idle_message(first == SSL3_MT_KEY_UPDATE ? "key updates" : "handshake messages");
  } else if (guard.established_ && type == SSL3_RT_ALERT) {
    guard.idle_message("alerts");
  }
  static_cast<void>(version);
}

void TlsGuard::record(unsigned char type, bool may_renegotiate) {
  ++records_;
  if (!established_) {
    if (records_ > kHandshakeRecords + raw_ / kBytesPerFragment) {
      end(TlsBreach::flood, "sends its TLS handshake in too many pieces");
    }
    return;
  }
  // Before TLS 1.3 there is nothing else that a handshake's record could be: ClientHello, or HelloRequest.
  if (may_renegotiate && type == kHandshakeRecord) return end(TlsBreach::renegotiation);
  if (records_ > kSmallRecords + data_ / kBytesPerRecord) {
    end(TlsBreach::flood, "sends too many TLS records with too little in them");
  }
}

void TlsGuard::idle_message(std::string_view what) {
  if (++idle_messages_ <= kIdleMessages + (data_ + sent_) / kBytesPerMessage) return;
  end(TlsBreach::flood, concat("sends too many TLS ", what));
}

}  // namespace postern::net
