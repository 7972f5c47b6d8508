#include "commands/postern/tls_keys.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

#include "lib/base/text.h"

namespace postern::commands {

namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Request = std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)>;
using Extension = std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)>;
using Extensions = std::unique_ptr<STACK_OF(X509_EXTENSION), void (*)(STACK_OF(X509_EXTENSION)*)>;

constexpr std::size_t kLongestCommonName = 64;  // RFC 5280, ub-common-name

Failure problem(std::string_view what) {
  const unsigned long code = ERR_get_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return fail(Errc::invalid, reason == nullptr ? std::string(what) : concat(what, ": ", reason));
}

Bio reader(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

// Nobody sits here to type a password.
int no_password(char*, int, int, void*) { return 0; }

Key read_key(const std::string& text) {
  const Bio from = reader(text);
  return {PEM_read_bio_PrivateKey(from.get(), nullptr, &no_password, nullptr), &EVP_PKEY_free};
}

Certificate read_certificate(const std::string& text) {
  const Bio from = reader(text);
  return {PEM_read_bio_X509(from.get(), nullptr, &no_password, nullptr), &X509_free};
}

template <class Write>
Result<std::string> written(Write write) {
  const Bio to(BIO_new(BIO_s_mem()), &BIO_free);
  char* data = nullptr;
  if (!to || write(to.get()) != 1) return problem("cannot write PEM");
  const long size = BIO_get_mem_data(to.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

Result<std::string> text_of(const Key& key) {
  return written([&](BIO* to) {
    return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

Result<Key> generate(KeyKind kind, unsigned bits) {
  const auto done = [](EVP_PKEY* key) { return Key(key, &EVP_PKEY_free); };
  if (kind == KeyKind::rsa) {
    if (bits == 0) bits = 2048;
    if (bits < 2048 || bits > 8192)
      return fail(Errc::invalid, concat("an RSA key of ", bits, " bits: 2048 to 8192 will do"));
    return done(EVP_RSA_gen(bits));
  }
  if (bits == 0 || bits == 256) return done(EVP_EC_gen("P-256"));
  if (bits == 384) return done(EVP_EC_gen("P-384"));
  if (bits == 521) return done(EVP_EC_gen("P-521"));
  return fail(Errc::invalid, concat("no elliptic curve of ", bits, " bits: 256, 384, 521"));
}

std::string alternatives(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += concat(all.empty() ? "" : ",", "DNS:", name);
  return all;
}

// Names go into a list of OpenSSL's, which has a syntax of its own.
Result<void> check_names(const std::vector<std::string>& names) {
  if (names.empty()) return fail(Errc::invalid, "a certificate needs the name of a host");
  for (const auto& name : names) {
    bool good = !name.empty() && name.size() <= 253;
    for (const char c : name) good = good && (is_alnum(c) || c == '.' || c == '-' || c == '_' || c == '*');
    if (!good) return fail(Errc::invalid, concat("not the name of a host: ", printable(name)));
  }
  return {};
}

bool name_subject(X509_NAME* subject, const std::string& name) {
  // A longer name stands among the alternatives, where everybody looks for it.
  if (name.size() > kLongestCommonName) return true;
  return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(name.data()),
                                    static_cast<int>(name.size()), -1, 0) == 1;
}

Extension extension(X509V3_CTX* about, int what, const std::string& value) {
  return {X509V3_EXT_conf_nid(nullptr, about, what, value.c_str()), &X509_EXTENSION_free};
}

bool describe(X509* certificate, const std::vector<std::string>& names, bool is_rsa) {
  X509V3_CTX about;
  X509V3_set_ctx_nodb(&about);
  X509V3_set_ctx(&about, certificate, certificate, nullptr, nullptr, 0);
  const std::pair<int, std::string> all[] = {
      {NID_basic_constraints, "critical,CA:FALSE"},
      {NID_key_usage, is_rsa ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature"},
      {NID_ext_key_usage, "serverAuth,clientAuth"},
      {NID_subject_alt_name, alternatives(names)},
      {NID_subject_key_identifier, "hash"}};
  for (const auto& [what, value] : all) {
    const Extension one = extension(&about, what, value);
    if (!one || X509_add_ext(certificate, one.get(), -1) != 1) return false;
  }
  return true;
}

bool number_and_date(X509* certificate, int days) {
  std::array<unsigned char, 16> serial{};
  if (RAND_bytes(serial.data(), serial.size()) != 1) return false;
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 1);  // positive, and not shorter than it looks
  BIGNUM* number = BN_bin2bn(serial.data(), serial.size(), nullptr);
  const bool numbered = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return numbered && X509_set_version(certificate, X509_VERSION_3) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != nullptr &&
         X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, nullptr) != nullptr;
}

Result<Key> key_and_names(const std::string& key, const std::vector<std::string>& names) {
  auto good = check_names(names);
  if (!good) return fail(good.error());
  Key read = read_key(key);
  if (!read) return problem("no private key");
  return read;
}

}  // namespace

Result<std::string> make_key(KeyKind kind, unsigned bits) {
  const auto key = generate(kind, bits);
  if (!key) return fail(key.error());
  if (!*key) return problem("cannot make a key");
  return text_of(*key);
}

Result<std::string> key_alone(const std::string& text) {
  const Key key = read_key(text);
  return key ? text_of(key) : problem("no private key");
}

Result<KeyKind> kind_of_key(const std::string& key) {
  const Key read = read_key(key);
  if (!read) return problem("no private key");
  const int kind = EVP_PKEY_get_base_id(read.get());
  if (kind == EVP_PKEY_EC) return KeyKind::ecdsa;
  if (kind == EVP_PKEY_RSA) return KeyKind::rsa;
  return fail(Errc::invalid, "a key that is neither RSA nor ECDSA");
}

Result<std::string> sign_own(const std::string& key, const std::vector<std::string>& names, int days) {
  const auto signer = key_and_names(key, names);
  if (!signer) return fail(signer.error());
  const Certificate made(X509_new(), &X509_free);
  X509* certificate = made.get();
  const bool is_rsa = EVP_PKEY_get_base_id(signer->get()) == EVP_PKEY_RSA;
  const bool done = certificate != nullptr && number_and_date(certificate, days) &&
                    name_subject(X509_get_subject_name(certificate), names.front()) &&
                    X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
                    X509_set_pubkey(certificate, signer->get()) == 1 &&
                    describe(certificate, names, is_rsa) &&
                    X509_sign(certificate, signer->get(), EVP_sha256()) > 0;
  if (!done) return problem("cannot make a certificate");
  return written([&](BIO* to) { return PEM_write_bio_X509(to, certificate); });
}

Result<std::string> request_signature(const std::string& key, const std::vector<std::string>& names) {
  const auto signer = key_and_names(key, names);
  if (!signer) return fail(signer.error());
  const Request made(X509_REQ_new(), &X509_REQ_free);
  X509_REQ* request = made.get();
  const Extensions asked(sk_X509_EXTENSION_new_null(), [](STACK_OF(X509_EXTENSION) * all) {
    sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
  });
  Extension other = extension(nullptr, NID_subject_alt_name, alternatives(names));
  const bool described = request != nullptr && other != nullptr && asked != nullptr &&
                         sk_X509_EXTENSION_push(asked.get(), other.get()) > 0;
  if (described) static_cast<void>(other.release());
  const bool done = described && X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
                    name_subject(X509_REQ_get_subject_name(request), names.front()) &&
                    X509_REQ_add_extensions(request, asked.get()) == 1 &&
                    X509_REQ_set_pubkey(request, signer->get()) == 1 &&
                    X509_REQ_sign(request, signer->get(), EVP_sha256()) > 0;
  if (!done) return problem("cannot make a request");
  return written([&](BIO* to) { return PEM_write_bio_X509_REQ(to, request); });
}

Result<void> check_pair(const std::string& chain, const std::string& key) {
  const Certificate certificate = read_certificate(chain);
  if (!certificate) return problem("no certificate");
  const Key own = read_key(key);
  if (!own) return problem("no private key");
  if (X509_check_private_key(certificate.get(), own.get()) != 1)
    return problem("the key is not that of the certificate");
  return {};
}

Result<std::string> tlsa_data(const std::string& text) {
  Key key = read_key(text);
  if (!key) {
    ERR_clear_error();
    if (const Certificate certificate = read_certificate(text)) key.reset(X509_get_pubkey(certificate.get()));
  }
  if (!key) return problem("neither a private key nor a certificate");
  unsigned char* bytes = nullptr;
  const int size = i2d_PUBKEY(key.get(), &bytes);
  if (size <= 0) return problem("no public key");
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(bytes, static_cast<std::size_t>(size), digest.data());
  OPENSSL_free(bytes);
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string data = "3 1 1 ";
  for (const unsigned char byte : digest) data += {kDigits[byte >> 4], kDigits[byte & 15]};
  return data;
}

}  // namespace postern::commands
