#include "tests/attacks/renegotiation/handshake.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <utility>

namespace attack {

namespace {

constexpr std::string_view kVersion = "\x03\x03";
constexpr std::string_view kSuite("\x00\x9c", 2);  // TLS_RSA_WITH_AES_128_GCM_SHA256
// renegotiation_info of a first handshake, as the only extension.
constexpr std::string_view kFirstHandshake("\x00\x05\xff\x01\x00\x01\x00", 7);
constexpr std::string_view kSignalling("\x00\xff", 2);  // TLS_EMPTY_RENEGOTIATION_INFO_SCSV
constexpr std::size_t kRandomAt = 2, kPremasterSize = 48;

enum Kind : std::uint8_t {
  kHelloRequest = 0,
  kClientHello = 1,
  kServerHello = 2,
  kCertificate = 11,
  kServerHelloDone = 14,
  kClientKeyExchange = 16,
  kFinished = 20,
};

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

std::size_t size_at(std::string_view data, std::size_t at, std::size_t width) {
  if (data.size() < at + width) throw Gone("a message that is too short");
  std::size_t size = 0;
  for (const char c : data.substr(at, width)) size = size * 256 + static_cast<unsigned char>(c);
  return size;
}

std::string message(Kind kind, std::string_view body) {
  return number(kind, 1) + number(body.size(), 3) + std::string(body);
}

// The messages of one handshake, as both sides must have seen them.
class Dialogue {
 public:
  Dialogue(Records& records, std::string first) : records_(records), pending_(std::move(first)) {}

  void say(const std::string& whole) {
    all_ += whole;
    records_.write(kHandshake, whole);
  }

  // The body of the next message, which must be of this kind.
  std::string hear(Kind kind) {
    while (pending_.size() < 4 || pending_.size() < 4 + size_at(pending_, 1, 3)) pending_ += more(kHandshake);
    const std::size_t size = size_at(pending_, 1, 3);
    if (pending_[0] != kind) throw Gone("a message out of order");
    std::string body = pending_.substr(4, size);
    all_ += pending_.substr(0, 4 + size);
    pending_.erase(0, 4 + size);
    return body;
  }

  // From here on this direction has new keys.
  void change_writing(const Seal& seal) {
    records_.write(kChangeCipher, "\x01");
    records_.writes = seal;
  }
  void hear_change(const Seal& seal) {
    more(kChangeCipher);
    records_.reads = seal;
  }

  const std::string& all() const { return all_; }

 private:
  std::string more(Type type) {
    const Record record = records_.read();
    if (record.type == kAlert) throw Gone(alert_text(record));
    if (record.type != type) throw Gone("a record out of order");
    return record.body;
  }

  Records& records_;
  std::string pending_, all_;
};

void say_finished(Dialogue& dialogue, const Secrets& secrets, const std::string& who) {
  dialogue.say(message(kFinished, finished(secrets, who, dialogue.all())));
}

void hear_finished(Dialogue& dialogue, const Secrets& secrets, const std::string& who) {
  const std::string wanted = finished(secrets, who, dialogue.all());
  if (dialogue.hear(kFinished) != wanted) throw Gone("a Finished of another handshake");
}

std::string random_of_server(const std::string& hello) {
  const std::size_t session = size_at(hello, kRandomAt + kRandomSize, 1);
  const std::size_t suite = kRandomAt + kRandomSize + 1 + session;
  if (hello.size() < suite + 3 || hello.substr(suite, 2) != kSuite)
    throw Gone("a cipher that was not offered");
  return hello.substr(kRandomAt, kRandomSize);
}

// As a client does that trusts only these authorities.
void verify(X509* certificate, const std::string& ca_file) {
  if (ca_file.empty()) return;
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(), &X509_STORE_free);
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(X509_STORE_CTX_new(),
                                                                                &X509_STORE_CTX_free);
  if (X509_STORE_load_file(store.get(), ca_file.c_str()) != 1) throw Unable("cannot read " + ca_file);
  X509_STORE_CTX_init(context.get(), store.get(), certificate, nullptr);
  if (X509_verify_cert(context.get()) != 1) throw Gone("a certificate that is not trusted");
}

// The server's own certificate is the first of its list.
Key key_of_server(const std::string& list, const std::string& ca_file) {
  const std::size_t size = size_at(list, 3, 3);
  if (list.size() < 6 + size) throw Gone("a message that is too short");
  const auto* der = reinterpret_cast<const unsigned char*>(list.data()) + 6;
  const Certificate certificate(d2i_X509(nullptr, &der, static_cast<long>(size)), &X509_free);
  if (!certificate) throw Gone("a certificate that cannot be read");
  verify(certificate.get(), ca_file);
  return {X509_get_pubkey(certificate.get()), &EVP_PKEY_free};
}

}  // namespace

std::string client_hello(const std::string& random, bool signals) {
  const std::string suites = std::string(kSuite) + std::string(signals ? kSignalling : "");
  const std::string no_session = number(0, 1), no_compression = number(1, 1) + number(0, 1);
  return message(kClientHello, std::string(kVersion) + random + no_session + number(suites.size(), 2) +
                                   suites + no_compression);
}

void shake_hands(Records& records, const ClientWays& ways) {
  Dialogue dialogue(records, "");
  const std::string random = random_bytes(kRandomSize);
  dialogue.say(client_hello(random, ways.signals));
  const std::string server_random = random_of_server(dialogue.hear(kServerHello));
  const Key key = key_of_server(dialogue.hear(kCertificate), ways.ca_file);
  dialogue.hear(kServerHelloDone);

  const std::string premaster = std::string(kVersion) + random_bytes(kPremasterSize - kVersion.size());
  const std::string exchange = rsa_encrypt(key.get(), premaster);
  dialogue.say(message(kClientKeyExchange, number(exchange.size(), 2) + exchange));
  const Secrets secrets = derive(premaster, random, server_random);
  dialogue.change_writing(secrets.from_client);
  say_finished(dialogue, secrets, "client");
  dialogue.hear_change(secrets.from_server);
  hear_finished(dialogue, secrets, "server");
}

ServerKeys server_keys(const std::string& path) {
  const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(std::fopen(path.c_str(), "r"), &std::fclose);
  if (!file) throw Unable("cannot open " + path);
  ServerKeys keys{Key(PEM_read_PrivateKey(file.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free), "", false};
  std::rewind(file.get());
  const Certificate certificate(PEM_read_X509(file.get(), nullptr, nullptr, nullptr), &X509_free);
  if (!keys.key || !certificate) throw Unable("no key and certificate in " + path);
  keys.certificate.resize(static_cast<std::size_t>(i2d_X509(certificate.get(), nullptr)));
  auto* der = reinterpret_cast<unsigned char*>(keys.certificate.data());
  i2d_X509(certificate.get(), &der);
  return keys;
}

void take_hand(Records& records, const ServerKeys& keys, std::string first) {
  Dialogue dialogue(records, std::move(first));
  const std::string hello = dialogue.hear(kClientHello);
  if (hello.size() < kRandomAt + kRandomSize) throw Gone("a message that is too short");
  const std::string random = random_bytes(kRandomSize);
  dialogue.say(message(kServerHello, std::string(kVersion) + random + number(0, 1) + std::string(kSuite) +
                                         number(0, 1) + std::string(keys.signals ? kFirstHandshake : "")));
  const std::string size = number(keys.certificate.size(), 3);
  dialogue.say(message(kCertificate, number(keys.certificate.size() + 3, 3) + size + keys.certificate));
  dialogue.say(message(kServerHelloDone, ""));

  const std::string exchange = dialogue.hear(kClientKeyExchange);
  if (exchange.size() < 2) throw Gone("a message that is too short");
  const std::string premaster = rsa_decrypt(keys.key.get(), std::string_view(exchange).substr(2));
  const Secrets secrets = derive(premaster, hello.substr(kRandomAt, kRandomSize), random);
  dialogue.hear_change(secrets.from_client);
  hear_finished(dialogue, secrets, "client");
  dialogue.change_writing(secrets.from_server);
  say_finished(dialogue, secrets, "server");
}

void ask_for_hello(Records& records) { records.write(kHandshake, message(kHelloRequest, "")); }

}  // namespace attack
