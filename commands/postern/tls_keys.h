// Keys and certificates of a mail server, as PEM texts (libcrypto).
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"

namespace postern::commands {

enum class KeyKind { ecdsa, rsa };

// A new private key. `bits`: of RSA 2048 to 8192, of ECDSA 256, 384 or 521, the curve; 0: 2048 or 256. Fails with invalid for
// another number.
Result<std::string> make_key(KeyKind kind, unsigned bits);

// The kind of a key. Fails with invalid: no key, or of a kind that is neither.
Result<KeyKind> kind_of_key(const std::string& key);

// The key of a text that may hold more. Fails with invalid.
Result<std::string> key_alone(const std::string& text);

// A certificate of the key for the names, the first of them as its subject, signed with the key itself: encryption for whoever
// asks for no proof, and for those who find its digest in DNS (DANE). Good from now on for so many days. Fails with invalid:
// no key, no names.
Result<std::string> sign_own(const std::string& key, const std::vector<std::string>& names, int days);

// What a certificate authority needs to sign a certificate (PKCS #10). Fails as sign_own.
Result<std::string> request_signature(const std::string& key, const std::vector<std::string>& names);

// Whether the first certificate of a text is that of the key. Fails with invalid; the text says how it does not fit.
Result<void> check_pair(const std::string& chain, const std::string& key);

// The data of a TLSA record for the key: "3 1 1 DIGEST" (RFC 7671 5.1). `text`: the key, or a certificate. Fails with invalid.
Result<std::string> tlsa_data(const std::string& text);

}  // namespace postern::commands
