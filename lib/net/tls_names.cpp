#include "lib/net/tls_names.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <utility>

#include "lib/base/text.h"
#include "lib/net/tls_context.h"
#include "lib/net/tls_errors.h"

namespace postern::net {

namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Chain = std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)>;

struct Pair {
  Certificate certificate;
  Key key;
  Chain above;
};

X509* shared(X509* certificate) {
  X509_up_ref(certificate);
  return certificate;
}

// The pair that a context has at hand; without a certificate when there is none.
Pair current_pair(SSL_CTX* context) {
  const auto free_chain = [](STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); };
  Pair pair{{nullptr, &X509_free}, {nullptr, &EVP_PKEY_free}, {nullptr, free_chain}};
  X509* certificate = SSL_CTX_get0_certificate(context);
  EVP_PKEY* key = SSL_CTX_get0_privatekey(context);
  if (certificate == nullptr || key == nullptr) return pair;
  pair.certificate.reset(shared(certificate));
  EVP_PKEY_up_ref(key);
  pair.key.reset(key);
  STACK_OF(X509)* above = nullptr;
  if (SSL_CTX_get0_chain_certs(context, &above) == 1 && above != nullptr) {
    pair.above.reset(X509_chain_up_ref(above));
  }
  return pair;
}

std::vector<Pair> pairs_of(SSL_CTX* context) {
  std::vector<Pair> all;
  for (long one = SSL_CERT_SET_FIRST; SSL_CTX_set_current_cert(context, one) == 1; one = SSL_CERT_SET_NEXT) {
    Pair pair = current_pair(context);
    if (pair.certificate) all.push_back(std::move(pair));
  }
  ERR_clear_error();
  return all;
}

// As names are compared: in lower case, without the dot of the root.
std::string folded(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return lower(name);
}

}  // namespace

struct TlsNames::Keys {
  std::vector<Pair> pairs;

  Result<void> load(const TlsNamedKeys& named) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()),
                                                                    &SSL_CTX_free);
    if (!context) return fail(Errc::io, tls_problem("new TLS context"));
    SSL_CTX_set_security_level(context.get(), 0);
    Result<void> done;
    for (const auto& file : named.files) {
      done = load_chain(context.get(), file);
      if (!done) return done;
    }
    if (!named.text.empty()) done = load_chain_text(context.get(), named.text, named.name);
    pairs = pairs_of(context.get());
    if (done && pairs.empty()) done = fail(Errc::invalid, "no certificate");
    return done;
  }
};

TlsNames::TlsNames(SSL_CTX* context, const TlsServerOptions& options, std::vector<std::string>& problems)
    : host_(folded(options.host)) {
  for (const Pair& pair : pairs_of(context)) usual_.push_back(pair.certificate.get());
  for (const TlsNamedKeys& named : options.named) {
    auto keys = std::make_unique<Keys>();
    const auto loaded = keys->load(named);
    if (loaded) {
      named_.emplace(folded(named.name), std::move(keys));
    } else {
      problems.push_back(concat("no certificate for clients that ask for \"", printable(named.name),
                                "\": ", loaded.error().text));
    }
  }
}

TlsNames::~TlsNames() = default;

const TlsNames::Keys* TlsNames::keys_of(std::string_view name) const {
  for (;;) {
    if (const auto found = named_.find(name); found != named_.end()) return found->second.get();
    const auto dot = name.find('.', name.starts_with('.') ? 1 : 0);
    if (dot == std::string_view::npos) return nullptr;
    name.remove_prefix(dot);
  }
}

TlsNames::Answer TlsNames::choose(SSL* ssl, std::string_view name) const {
  const std::string wanted = folded(name);
  const Keys* keys = named_.empty() ? nullptr : keys_of(wanted);
  if (keys != nullptr) {
    SSL_certs_clear(ssl);
    for (const Pair& pair : keys->pairs) {
      if (SSL_use_cert_and_key(ssl, pair.certificate.get(), pair.key.get(), pair.above.get(), 1) != 1)
        return Answer::broken;
    }
    return Answer::known;
  }
  if (wanted == host_) return Answer::known;
  for (X509* certificate : usual_) {
    const int fits = X509_check_host(certificate, wanted.data(), wanted.size(), 0, nullptr);
    if (fits == 1) return Answer::known;
  }
  return Answer::unknown;
}

}  // namespace postern::net
