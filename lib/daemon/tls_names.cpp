#include "lib/daemon/tls_names.h"

#include <openssl/evp.h>

#include <optional>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/table/table.h"

namespace postern::daemon {

namespace {

constexpr std::string_view kParameter = "tls_server_sni_maps";

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string plain(text.size() / 4 * 3, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(plain.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const auto padding = text.size() - text.find_last_not_of('=') - 1;
  plain.resize(static_cast<std::size_t>(size) - std::min<std::size_t>(padding, 2));
  return plain;
}

// A path begins with '/'; base64 of the ASCII text of a PEM file never does.
void add(const std::string& name, std::string_view value, net::TlsServerOptions& options) {
  net::TlsNamedKeys keys;
  keys.name = name;
  if (value.starts_with('/')) {
    for (const auto file : split_words(value, ", \t\r\n")) keys.files.emplace_back(file);
  } else if (auto text = from_base64(value)) {
    keys.text = std::move(*text);
  } else {
    log_warning(
        concat(kParameter, ": neither files nor their content in base64, for \"", printable(name), '"'));
    return;
  }
  options.named.push_back(std::move(keys));
}

void add_table(std::string_view name, net::TlsServerOptions& options) {
  const auto table = table::open(name);
  if (!table) {
    log_warning(concat(kParameter, ": ", table.error().text));
    return;
  }
  const auto records = (*table)->all();
  if (!records) {
    log_warning(concat(kParameter, ": ", name, ": ", records.error().text));
    return;
  }
  for (const auto& [key, value] : *records) add(key, value, options);
}

}  // namespace

Result<void> choose_names(const config::Settings& settings, const config::SmtpdTlsParams& tls,
                          net::TlsServerOptions& options) {
  for (const std::string& name : *tls.server_sni_maps) add_table(name, options);
  options.alpn = *tls.alpn;
  options.host = settings.value("myhostname").value_or("");
  options.refuses_other_names = iequals(*tls.sni_mismatch, "reject");
  if (options.refuses_other_names || iequals(*tls.sni_mismatch, "ignore")) return {};
  return fail(Errc::invalid,
              concat(tls.sni_mismatch.name(), ": \"", *tls.sni_mismatch, "\" is none of ignore, reject"));
}

}  // namespace postern::daemon
