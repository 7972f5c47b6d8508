// What contexts of clients and servers have in common: trust, keys and certificates, versions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/result.h"

struct ssl_ctx_st;

namespace postern::net {

// Fails with invalid and what OpenSSL has to say, unless all is good.
Result<void> tls_check(bool good, std::string text);

// Trusts the certificates of a file, of a directory (those with names of c_rehash), and those that the system trusts. What
// is empty or false is left out. All is read now. Fails with invalid; the text names the file.
Result<void> load_trust(ssl_ctx_st* context, const std::string& file, const std::string& path, bool system);

// Fails with invalid when a file cannot be read, or the key is not that of the certificate.
Result<void> load_pair(ssl_ctx_st* context, const std::string& certificate, const std::string& key);

// All keys of a file, each followed by its certificate and those above it; a single key may also come last. Fails with
// invalid.
Result<void> load_chain(ssl_ctx_st* context, const std::string& file);

// The same from what would be in a file; `name` is its name for errors.
Result<void> load_chain_text(ssl_ctx_st* context, const std::string& text, const std::string& name);

// What goes for every connection: small when idle, no renegotiation, no compression, RFC 5746, a guard (tls_guard.h).
void set_common(ssl_ctx_st* context);

// OpenSSL's switches for the versions that are not wanted.
std::uint64_t version_holes(const std::vector<int>& versions);

// Sets the versions of a context by their words. Fails with invalid.
Result<void> set_versions(ssl_ctx_st* context, const std::string& words);

// Ciphers of TLS 1.2 and older. Empty: OpenSSL's own. Fails with invalid.
Result<void> set_ciphers(ssl_ctx_st* context, const std::string& list);

}  // namespace postern::net
