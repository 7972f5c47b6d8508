// The files of a server's keys: each has a private key and, behind it, its certificate, so that both change in one instant.
#pragma once

#include <string>
#include <vector>

#include "commands/postern/tls_keys.h"
#include "lib/base/result.h"
#include "lib/config/settings.h"

namespace postern::commands {

// As long as the host will live: whoever minds the dates of certificates has them signed by somebody else.
inline constexpr int kOwnCertificateDays = 36500;

// "ecdsa", "rsa".
std::string_view name_of(KeyKind kind);

// Makes the file: mode 0600, there as a whole or not at all. The directory is made too, if need be. Fails with invalid, or as
// writing does; the text names the path.
Result<void> make_key_file(const std::string& path, const std::string& key,
                           const std::vector<std::string>& names);

// Makes those files in config::own_keys_directory() that main.cf names as smtpd_tls_cert_file (RSA) and smtpd_tls_eccert_file (ECDSA), with
// the key in the same file, and that are not there: an installation has its keys from its first start on. Files elsewhere
// are not ours to make. Returns the paths of those that were made. Fails as make_key_file.
Result<std::vector<std::string>> make_missing_keys(const config::Settings& settings,
                                                   const std::string& configuration);

}  // namespace postern::commands
