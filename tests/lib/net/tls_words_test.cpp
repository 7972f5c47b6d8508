// What an administrator gives to TLS: files, and words for protocols and ciphers; and the memory for sessions.
#include "lib/net/tls_sessions.h"
#include "tests/lib/net/tls_scene.h"

using namespace postern;
using namespace postern::net;
using namespace postern::net::testing;

TEST_CASE("the memory for sessions is bounded") {
  TlsSessions sessions{seconds(100)};
  for (std::size_t i = 0; i < 2 * TlsSessions::kMost; ++i)
    sessions.keep(concat("host ", i), SSL_SESSION_new());
  sessions.keep("host 2000", SSL_SESSION_new());
  CHECK(sessions.size() == TlsSessions::kMost);
  CHECK(sessions.take("host 0") == nullptr);
  TlsSessions brief{seconds(0)};
  brief.keep("host", SSL_SESSION_new());
  CHECK(brief.take("host") == nullptr);
  CHECK(brief.size() == 0);
}

TEST_CASE("what is wrong with the files and words of an administrator is said") {
  Folder folder;
  const auto problem = [](const TlsClientOptions& options) {
    const auto made = TlsClient::make(options);
    return made ? std::string("fine") : made.error().text;
  };
  TlsClientOptions options;
  options.ca_file = folder.path + "/none";
  CHECK(problem(options).starts_with(concat("cannot load trusted certificates from ", options.ca_file)));
  options = {};
  options.ca_path = folder.path + "/none";
  CHECK(problem(options).starts_with(concat("cannot read the directory of certificates ", options.ca_path)));
  options = {};
  options.certificate_file = folder.file("bad.pem", "nothing\n");
  CHECK(problem(options).starts_with(concat("cannot load the certificate from ", options.certificate_file)));
  options.certificate_file = folder.file("a.pem", world().good.pem());
  options.key_file = folder.file("b.pem", world().alone.pem());
  CHECK(problem(options).find("b.pem") != std::string::npos);
  options = {};
  options.protocols = "TLSv7";
  CHECK(problem(options) == "no TLS protocol version: \"TLSv7\"");
  options = {};
  options.ciphers = "bad-cipher";
  CHECK(problem(options).starts_with("no cipher list: \"bad-cipher\""));
  // A directory with hashed names, as c_rehash makes it.
  options = {};
  options.ca_path = folder.path;
  folder.file("0123abcd.0", world().authority.pem(false));
  folder.file("0123abcd.1", "a bad one\n");
  Scene scene(false, options);
  const ServerContext server(&world().good);
  CHECK(scene.meet(server, asking(TlsTrust::none))->standing() == "Trusted");
}

TEST_CASE("the words for protocols") {
  const std::pair<const char*, std::vector<int>> good[] = {{"", {0x300, 0x301, 0x302, 0x303, 0x304}},
                                                           {">=TLSv1.2", {0x303, 0x304}},
                                                           {">=tlsv1, <=TLSv1.2", {0x301, 0x302, 0x303}},
                                                           {">=0303", {0x303, 0x304}},
                                                           {"<=0x0303 >=0x302", {0x302, 0x303}},
                                                           {"!SSLv2, !SSLv3", {0x301, 0x302, 0x303, 0x304}},
                                                           {"!SSLv2:!SSLv3:!TLSv1", {0x302, 0x303, 0x304}},
                                                           {"TLSv1.2 TLSv1.3", {0x303, 0x304}},
                                                           {"TLSv1, TLSv1.2", {0x301, 0x303}},
                                                           {">=TLSv1, !TLSv1.1", {0x301, 0x303, 0x304}}};
  for (const auto& row : good) {
    CAPTURE(row.first);
    CHECK(tls_versions(row.first).value_or(std::vector<int>()) == row.second);
  }
  for (const char* bad :
       {"TLSv2", "!", ">=", ">=x", "<=0xfffff", "SSLv2", "TLSv1.2 !TLSv1.2", ">=TLSv1.3 <=TLSv1.2", "TLS"}) {
    CAPTURE(bad);
    CHECK(!tls_versions(bad));
  }
}

TEST_CASE("the words for ciphers") {
  CHECK(tls_cipher_list("HIGH", "aNULL, 3DES:RC4  MD5") == "HIGH:!aNULL:!3DES:!RC4:!MD5");
  CHECK(tls_cipher_list("HIGH", "") == "HIGH");
  CHECK(check_tls_ciphers("aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH"));
  CHECK(!check_tls_ciphers("nonsense"));
}
