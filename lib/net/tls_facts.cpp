// What a handshake came to, and how a certificate fits what was asked of it.
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "lib/base/text.h"
#include "lib/net/tls_connection.h"

namespace postern::net {

namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string common_name(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return {};
  std::string all(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return all;
}

std::string hex(const unsigned char* bytes, unsigned size) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    if (i > 0) text += ':';
    text += {kDigits[bytes[i] >> 4], kDigits[bytes[i] & 0xf]};
  }
  return text;
}

std::string digits_of(std::string_view fingerprint) {
  std::string digits = upper(fingerprint);
  digits.erase(std::remove(digits.begin(), digits.end(), ':'), digits.end());
  return digits;
}

void take_fingerprints(X509* certificate, const EVP_MD* digest, TlsFacts& facts) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, digest, bytes, &size) == 1) facts.fingerprint = hex(bytes, size);
  unsigned char* key = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
  if (length <= 0) return;
  if (EVP_Digest(key, static_cast<std::size_t>(length), bytes, &size, digest, nullptr) == 1) {
    facts.key_fingerprint = hex(bytes, size);
  }
  OPENSSL_free(key);
}

bool has_fingerprint(const TlsClientPeer& peer, const TlsFacts& facts) {
  return std::any_of(peer.fingerprints.begin(), peer.fingerprints.end(), [&](const std::string& wanted) {
    const std::string digits = digits_of(wanted);
    return !digits.empty() &&
           (digits == digits_of(facts.fingerprint) || digits == digits_of(facts.key_fingerprint));
  });
}

bool has_name(X509* certificate, const TlsClientPeer& peer) {
  return std::any_of(peer.names.begin(), peer.names.end(), [&](const std::string& name) {
    if (name.empty()) return false;
    constexpr int kNoAddress = -2;
    const int by_address = X509_check_ip_asc(certificate, name.c_str(), 0);
    if (by_address != kNoAddress) return by_address == 1;
    return X509_check_host(certificate, name.data(), name.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                           nullptr) == 1;
  });
}

void judge(SSL* ssl, X509* certificate, const TlsClientPeer& peer, TlsFacts& facts) {
  const long verdict = SSL_get_verify_result(ssl);
  facts.is_trusted = verdict == X509_V_OK;
  switch (peer.trust) {
    case TlsTrust::none: break;
    case TlsTrust::fingerprint:
      facts.is_matched = has_fingerprint(peer, facts);
      if (!facts.is_matched) facts.problem = "no fingerprint matches";
      return;
    case TlsTrust::tlsa: {
      // Without a record that OpenSSL takes, it would have asked the authorities. A session that is resumed is one that
      // the same records have matched.
      const bool by_record = facts.is_resumed || SSL_get0_dane_authority(ssl, nullptr, nullptr) >= 0;
      if (facts.is_trusted && !by_record) facts.problem = "no usable TLSA record";
      facts.is_trusted = facts.is_trusted && by_record;
      facts.is_matched = facts.is_trusted;
      break;
    }
    case TlsTrust::authority:
      facts.is_matched = facts.is_trusted && has_name(certificate, peer);
      if (facts.is_trusted && !facts.is_matched) facts.problem = "no name matches";
      break;
  }
  if (facts.problem.empty() && verdict != X509_V_OK) facts.problem = X509_verify_cert_error_string(verdict);
}

std::string group_of(EVP_PKEY* key) {
  char name[64] = "";
  std::size_t size = 0;
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name, sizeof name, &size) != 1)
    return {};
  return name;
}

std::string exchange_of(SSL* ssl) {
  EVP_PKEY* raw = nullptr;
  if (SSL_get_peer_tmp_key(ssl, &raw) != 1) return {};
  const Key key(raw, &EVP_PKEY_free);
  const int kind = EVP_PKEY_get_base_id(raw);
  if (kind == EVP_PKEY_EC) return concat(" key-exchange ECDHE (", group_of(raw), ')');
  if (kind == EVP_PKEY_DH) return concat(" key-exchange DHE (", EVP_PKEY_get_bits(raw), " bits)");
  return concat(" key-exchange ", OBJ_nid2sn(kind));
}

// " server-signature RSA-PSS (2048 bits) server-digest SHA256"; "" when there was none.
std::string signature_text(std::string_view side, X509* certificate, int kind, int digest) {
  EVP_PKEY* key = certificate != nullptr ? X509_get0_pubkey(certificate) : nullptr;
  if (key == nullptr || kind == NID_undef) return {};
  std::string text = concat(' ', side, "-signature ");
  if (kind == EVP_PKEY_RSA || kind == EVP_PKEY_RSA_PSS) {
    text += concat(kind == EVP_PKEY_RSA ? "RSA" : "RSA-PSS", " (", EVP_PKEY_get_bits(key), " bits)");
  } else if (kind == EVP_PKEY_EC) {
    text += concat("ECDSA (", group_of(key), ')');
  } else {
    text += OBJ_nid2sn(kind);
  }
  if (digest != NID_undef) text += concat(' ', side, "-digest ", OBJ_nid2sn(digest));
  return text;
}

std::string peer_signature(std::string_view side, SSL* ssl, X509* certificate) {
  int kind = NID_undef, digest = NID_undef;
  if (SSL_get_peer_signature_type_nid(ssl, &kind) != 1) return {};
  if (SSL_get_peer_signature_nid(ssl, &digest) != 1) digest = NID_undef;
  return signature_text(side, certificate, kind, digest);
}

std::string own_signature(std::string_view side, SSL* ssl) {
  int kind = NID_undef, digest = NID_undef;
  if (SSL_get_signature_type_nid(ssl, &kind) != 1) return {};
  if (SSL_get_signature_nid(ssl, &digest) != 1) digest = NID_undef;
  return signature_text(side, SSL_get_certificate(ssl), kind, digest);
}

void take_certificate(X509* certificate, const std::string& digest, TlsFacts& facts) {
  facts.has_certificate = true;
  facts.subject = common_name(X509_get_subject_name(certificate));
  facts.issuer = common_name(X509_get_issuer_name(certificate));
  if (const EVP_MD* kind = EVP_get_digestbyname(digest.c_str())) take_fingerprints(certificate, kind, facts);
}

}  // namespace

bool is_usable(const TlsaRecord& record) {
  const std::size_t size = record.data.size();
  const bool is_whole = record.matching == 0 ? size > 0 : size == (record.matching == 1 ? 32u : 64u);
  return (record.usage == 2 || record.usage == 3) && record.selector <= 1 && record.matching <= 2 && is_whole;
}

TlsFacts TlsConnection::common_facts() const {
  TlsFacts facts;
  facts.protocol = SSL_get_version(ssl_);
  if (const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl_)) {
    facts.cipher = SSL_CIPHER_get_name(cipher);
    facts.bits = SSL_CIPHER_get_bits(cipher, &facts.algorithm_bits);
  }
  facts.is_resumed = SSL_session_reused(ssl_) == 1;
  const bool is_new_kind = SSL_version(ssl_) >= TLS1_3_VERSION;
  facts.has_secure_renegotiation = is_new_kind || SSL_get_secure_renegotiation_support(ssl_) == 1;
  facts.has_extended_master_secret = is_new_kind || SSL_get_extms_support(ssl_) == 1;
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &protocol, &size);
  if (size > 0) facts.alpn.assign(reinterpret_cast<const char*>(protocol), size);
  if (const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name)) facts.server_name = name;
  return facts;
}

TlsFacts TlsConnection::facts(const TlsClientPeer& peer) const {
  TlsFacts facts = common_facts();
  judge_certificate(ssl_, peer, facts);
  ERR_clear_error();
  return facts;
}

TlsFacts TlsConnection::facts_of_client(const std::string& digest) const {
  TlsFacts facts = common_facts();
  judge_client(ssl_, digest, facts);
  ERR_clear_error();
  return facts;
}

void judge_certificate(SSL* ssl, const TlsClientPeer& peer, TlsFacts& facts) {
  const bool is_new_kind = SSL_version(ssl) >= TLS1_3_VERSION;
  if (is_new_kind) facts.details = exchange_of(ssl);
  const Certificate certificate(SSL_get1_peer_certificate(ssl), &X509_free);
  if (!certificate) {
    if (peer.trust != TlsTrust::none) facts.problem = "no certificate";
  } else {
    take_certificate(certificate.get(), peer.fingerprint_digest, facts);
    if (is_new_kind) facts.details += peer_signature("server", ssl, certificate.get());
    judge(ssl, certificate.get(), peer, facts);
  }
  if (!facts.details.empty()) facts.details.erase(0, 1);
}

void judge_client(SSL* ssl, const std::string& digest, TlsFacts& facts) {
  const bool is_new_kind = SSL_version(ssl) >= TLS1_3_VERSION;
  if (is_new_kind) facts.details = exchange_of(ssl) + own_signature("server", ssl);
  const Certificate certificate(SSL_get1_peer_certificate(ssl), &X509_free);
  if (certificate) {
    take_certificate(certificate.get(), digest, facts);
    if (is_new_kind) facts.details += peer_signature("client", ssl, certificate.get());
    const long verdict = SSL_get_verify_result(ssl);
    facts.is_trusted = verdict == X509_V_OK;
    if (!facts.is_trusted) facts.problem = X509_verify_cert_error_string(verdict);
  }
  if (!facts.details.empty()) facts.details.erase(0, 1);
}

std::string_view TlsFacts::standing() const {
  if (!has_certificate) return "Anonymous";
  if (is_matched) return "Verified";
  return is_trusted ? "Trusted" : "Untrusted";
}

std::string TlsFacts::text() const {
  std::string all = concat(protocol, " with cipher ", cipher, " (", bits, '/', algorithm_bits, " bits)");
  if (!details.empty()) all += concat(' ', details);
  return all;
}

}  // namespace postern::net
