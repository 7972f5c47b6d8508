// Which names a server answers to in TLS, and for which protocols: tls_server_sni_maps, smtpd_tls_sni_mismatch,
// smtpd_tls_alpn.
#pragma once

#include "lib/base/result.h"
#include "lib/config/params/smtpd_tls_params.h"
#include "lib/config/settings.h"
#include "lib/net/tls_server.h"

namespace postern::daemon {

// Adds them to `options`, before the jail: all keys are read now, so the tables are such as have a list of their names. One
// that cannot be used, or has none, is warned of. A value is a list of PEM files, or, as `postmap -F` writes it, their
// content in base64. Fails with invalid: another word than ignore or reject.
Result<void> choose_names(const config::Settings& settings, const config::SmtpdTlsParams& tls,
                          net::TlsServerOptions& options);

}  // namespace postern::daemon
