// The client's side of SASL, by the examples of the RFCs and against the library's own server.
#include "lib/wire/sasl_client.h"

#include <doctest/doctest.h>
#include <gsasl.h>

#include <functional>

#include "lib/base/text.h"

using namespace postern;
using namespace postern::wire;

namespace {

std::string base64(std::string_view text) {
  char* out = nullptr;
  std::size_t size = 0;
  REQUIRE(gsasl_base64_to(text.data(), text.size(), &out, &size) == GSASL_OK);
  std::string all(out, size);
  gsasl_free(out);
  return all;
}

SaslCredentials ann() {
  SaslCredentials who;
  who.user = "ann";
  who.password = "sec ret";
  who.host = "mx.example";
  return who;
}

std::unique_ptr<SaslClient> start(std::string_view mechanism, const SaslCredentials& who = ann()) {
  auto made = SaslClient::begin(mechanism, who);
  REQUIRE(made);
  return std::move(*made);
}

// A server of the library, which knows ann's password.
struct Server {
  explicit Server(const char* mechanism, const char* knows = "sec ret") : password(knows) {
    REQUIRE(gsasl_init(&context) == GSASL_OK);
    gsasl_callback_hook_set(context, this);
    gsasl_callback_set(context, [](Gsasl* of, Gsasl_session* asks, Gsasl_property property) -> int {
      const auto* self = static_cast<Server*>(gsasl_callback_hook_get(of));
      if (property == GSASL_PASSWORD) return gsasl_property_set(asks, GSASL_PASSWORD, self->password);
      if (property != GSASL_VALIDATE_SIMPLE) return GSASL_NO_CALLBACK;
      const bool right = gsasl_property_get(asks, GSASL_AUTHID) == std::string("ann") &&
                         gsasl_property_get(asks, GSASL_PASSWORD) == std::string(self->password);
      return right ? GSASL_OK : GSASL_AUTHENTICATION_ERROR;
    });
    REQUIRE(gsasl_server_start(context, mechanism, &session) == GSASL_OK);
  }
  ~Server() {
    gsasl_finish(session);
    gsasl_done(context);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // What it says to an answer; its verdict is in `status`.
  std::string hear(const std::string& text) {
    char* out = nullptr;
    status = gsasl_step64(session, text == "=" ? "" : text.c_str(), &out);
    std::string said = out != nullptr ? out : "";
    gsasl_free(out);
    return said;
  }
  const char* password;
  Gsasl* context = nullptr;
  Gsasl_session* session = nullptr;
  int status = GSASL_NEEDS_MORE;
};

// A whole dialogue; true when the server is content.
bool converse(SaslClient& client, Server& server) {
  const auto first = client.initial();
  REQUIRE(first);
  std::string challenge = server.hear(first->value_or(""));
  for (int rounds = 0; server.status == GSASL_NEEDS_MORE && rounds < 10; ++rounds) {
    const auto said = client.answer(challenge);
    if (!said) return false;
    challenge = server.hear(*said);
  }
  // The server's proof may come with its last word; in SMTP as one more challenge.
  if (server.status == GSASL_OK && !client.is_complete()) {
    const auto said = client.answer(challenge);
    return said.has_value() && said->empty();
  }
  return server.status == GSASL_OK;
}

}  // namespace

TEST_CASE("each mechanism of the library succeeds with the right password, and not with another") {
  for (const char* mechanism : {"SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"}) {
    CAPTURE(mechanism);
    auto client = start(mechanism);
    Server server(mechanism);
    CHECK(!client->is_complete());
    CHECK(converse(*client, server));
    CHECK(client->is_complete());
    CHECK(!client->answer("").has_value());
    auto second = start(lower(std::string_view(mechanism)));
    Server other(mechanism, "another");
    CHECK(!converse(*second, other));
  }
}

TEST_CASE("what goes over the wire") {
  CHECK(start("PLAIN")->initial()->value() == base64(std::string_view("\0ann\0sec ret", 12)));
  auto login = start("LOGIN");
  CHECK(!login->initial()->has_value());
  CHECK(login->answer(base64("Username:")).value() == base64("ann"));
  CHECK(login->answer(base64("Password:")).value() == base64("sec ret"));
  CHECK(login->is_complete());
  // RFC 2195 2.
  SaslCredentials tim;
  tim.user = "tim";
  tim.password = "tanstaaftanstaaf";
  auto cram = start("CRAM-MD5", tim);
  CHECK(!cram->initial()->has_value());
  CHECK(cram->answer(base64("<1896.697170952@postoffice.reston.mci.net>")).value() ==
        base64("tim b913a602c7eda7a495b4e6e7334d3890"));
}

TEST_CASE("tokens") {
  auto who = ann();
  who.user = "someuser@example.com";
  who.password = "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg";
  auto client = start("XOAUTH2", who);
  CHECK(client->initial()->value() ==
        base64(concat("user=someuser@example.com\1auth=Bearer ", who.password, "\1\1")));
  CHECK(client->is_complete());
  // The server says what was wrong; the client says nothing, and hears the reply.
  CHECK(client->answer(base64("{\"status\":\"401\"}")).value() == "");
  CHECK(!client->is_complete());
  CHECK(!client->answer(base64("{}")));
  who.user = "a,b=c@example.com";
  auto bearer = start("oauthbearer", who);
  CHECK(bearer->initial()->value() ==
        base64(concat("n,a=a=2Cb=3Dc@example.com,\1host=mx.example\1auth=Bearer ", who.password, "\1\1")));
  CHECK(bearer->answer(base64("{}")).value() == "AQ==");
}

TEST_CASE("a server that cannot prove that it knows the password is not believed") {
  auto client = start("SCRAM-SHA-256");
  Server server("SCRAM-SHA-256");
  const auto challenge = server.hear(client->initial()->value());
  REQUIRE(client->answer(challenge));
  CHECK(!client->is_complete());  // a 235 at this point would be a lie
  CHECK(!client->answer(base64("v=" + base64(std::string(32, 'x')))));
  CHECK(!client->is_complete());
  CHECK(!client->answer(base64("v=")));
}

TEST_CASE("hostile challenges are refused") {
  const std::pair<const char*, std::string> rows[] = {
      {"SCRAM-SHA-256", "no base64!"},
      {"SCRAM-SHA-256", ""},
      {"SCRAM-SHA-256", base64("r=short,s=QSXCR+Q6sek8bf92,i=4096")},
      {"SCRAM-SHA-256", base64("r=,s=,i=")},
      {"SCRAM-SHA-256", base64(std::string(9000, 'r'))},
      {"SCRAM-SHA-256", std::string(20000, 'A')},
      {"SCRAM-SHA-1", base64("m=ext,r=x,s=QSXCR+Q6sek8bf92,i=1")},
      {"CRAM-MD5", "===="},
      {"CRAM-MD5", std::string("ab\0d", 4)},
      {"XOAUTH2", "{}"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.second);
    auto client = start(row.first);
    REQUIRE(client->initial());
    const auto said = client->answer(row.second);
    REQUIRE(!said);
    CHECK(said.error().kind == Errc::invalid);
    CHECK(!said.error().text.empty());
  }
}

TEST_CASE("a server may not have us work for hours") {
  for (const char* rounds : {"1000001", "4294967295", "99999999999999999999", "-1", "0", "x"}) {
    CAPTURE(rounds);
    auto client = start("SCRAM-SHA-256");
    const auto first = client->initial();
    // The nonce of the client stands behind "n,,n=ann,r=".
    char* out = nullptr;
    std::size_t size = 0;
    REQUIRE(gsasl_base64_from(first->value().data(), first->value().size(), &out, &size) == GSASL_OK);
    const std::string said(out, size);
    gsasl_free(out);
    const auto nonce = said.substr(said.find("r=") + 2);
    const auto answer = client->answer(base64(concat("r=", nonce, "more,s=QSXCR+Q6sek8bf92,i=", rounds)));
    REQUIRE(!answer);
    CHECK(answer.error().text == "SASL: the server asks for too much work");
  }
}

TEST_CASE("mechanisms: known ones, the strongest first, whatever case and order a server has") {
  using Names = std::vector<std::string>;
  CHECK(SaslClient::usable({"login", "PLAIN", "X-NEW", "scram-sha-256"}) ==
        Names{"SCRAM-SHA-256", "PLAIN", "LOGIN"});
  CHECK(SaslClient::usable({"GSSAPI", ""}).empty());
  CHECK(SaslClient::usable({"PLAIN", "plain"}) == Names{"PLAIN"});
  for (const auto name : SaslClient::mechanisms()) CHECK(SaslClient::begin(name, ann()));
  for (const char* name : {"", "NTLM", "PLAIN ", "SCRAM-SHA-256-PLUS"}) {
    const auto made = SaslClient::begin(name, ann());
    REQUIRE(!made);
    CHECK(made.error().text == concat("SASL: unknown mechanism ", name));
  }
}

TEST_CASE("a user or password that would read as something else is refused") {
  for (const char* name : {"PLAIN", "XOAUTH2", "SCRAM-SHA-256"}) {
    auto who = ann();
    who.password = std::string("a\0b", 3);
    CHECK(!SaslClient::begin(name, who));
  }
  for (const char* name : {"XOAUTH2", "OAUTHBEARER"}) {
    auto who = ann();
    who.user = "a\1auth=Bearer x";
    CHECK(!SaslClient::begin(name, who));
  }
  auto nobody = ann();
  nobody.user.clear();
  nobody.password.clear();
  CHECK(start("PLAIN", nobody)->initial()->value() == base64(std::string_view("\0\0", 2)));
}
