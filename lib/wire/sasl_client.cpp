#include "lib/wire/sasl_client.h"

#include <gsasl.h>

#include <algorithm>
#include <utility>

#include "lib/base/text.h"

namespace postern::wire {

namespace {

// RFC 4954 4: the longest line of an authentication.
constexpr std::size_t kLongestChallenge = 12288;
// How often a server may have us hash the password (RFC 7677 asks for 4096 at least): this many take about half a
// second, for which nothing else happens.
constexpr std::int64_t kMostRounds = 1'000'000;

constexpr std::string_view kXoauth2 = "XOAUTH2", kBearer = "OAUTHBEARER";

struct Freed {
  char* text = nullptr;
  std::size_t size = 0;
  Freed() = default;
  Freed(const Freed&) = delete;
  Freed& operator=(const Freed&) = delete;
  ~Freed() { gsasl_free(text); }
};

Failure library_failure(Errc kind, int status) {
  return fail(kind, concat("SASL: ", gsasl_strerror(status)));
}

Result<std::string> encoded(std::string_view bytes) {
  Freed out;
  const int status = gsasl_base64_to(bytes.data(), bytes.size(), &out.text, &out.size);
  if (status != GSASL_OK) return library_failure(Errc::io, status);
  return std::string(out.text, out.size);
}

Result<std::string> decoded(std::string_view text) {
  if (text.size() > kLongestChallenge) return fail(Errc::invalid, "SASL: challenge too long");
  if (text == "=") text = {};
  Freed out;
  const int status = gsasl_base64_from(text.data(), text.size(), &out.text, &out.size);
  if (status != GSASL_OK) return fail(Errc::invalid, "SASL: challenge is not base64");
  return std::string(out.text, out.size);
}

// Of a challenge of SCRAM: "r=…,s=…,i=4096".
bool asks_too_much(std::string_view challenge) {
  for (const auto field : split_fields(challenge, ',')) {
    if (!field.starts_with("i=")) continue;
    const auto rounds = parse_number(field.substr(2));
    if (!rounds || *rounds < 1 || *rounds > kMostRounds) return true;
  }
  return false;
}

// A mechanism of the library.
class Library : public SaslClient {
 public:
  Library(std::string_view mechanism, SaslCredentials credentials)
      : mechanism_(mechanism),
        credentials_(std::move(credentials)),
        speaks_first_(mechanism_ != "LOGIN" && mechanism_ != "CRAM-MD5"),
        is_scram_(mechanism_.starts_with("SCRAM-")) {}
  ~Library() override {
    if (session_ != nullptr) gsasl_finish(session_);
    if (context_ != nullptr) gsasl_done(context_);
  }

  Result<void> start() {
    int status = gsasl_init(&context_);
    if (status == GSASL_OK) {
      gsasl_callback_set(context_,
                         [](Gsasl*, Gsasl_session*, Gsasl_property) -> int { return GSASL_NO_CALLBACK; });
      status = gsasl_client_start(context_, mechanism_.c_str(), &session_);
    }
    for (const auto& [property, value] :
         {std::pair(GSASL_AUTHID, &credentials_.user), std::pair(GSASL_PASSWORD, &credentials_.password),
          std::pair(GSASL_HOSTNAME, &credentials_.host)}) {
      if (status == GSASL_OK) status = gsasl_property_set(session_, property, value->c_str());
    }
    if (status == GSASL_OK) status = gsasl_property_set(session_, GSASL_SERVICE, "smtp");
    if (status != GSASL_OK) return library_failure(Errc::io, status);
    return {};
  }

  Result<std::optional<std::string>> initial() override {
    if (!speaks_first_) return std::optional<std::string>();
    auto said = step({});
    if (!said) return fail(Errc::io, said.error().text);
    auto text = encoded(*said);
    if (!text) return fail(text.error());
    return std::optional(text->empty() ? "=" : std::move(*text));
  }

  Result<std::string> answer(std::string_view challenge) override {
    auto asked = decoded(challenge);
    if (!asked) return fail(asked.error());
    if (is_scram_ && asks_too_much(*asked))
      return fail(Errc::invalid, "SASL: the server asks for too much work");
    auto said = step(*asked);
    if (!said) return said;
    return encoded(*said);
  }

  bool is_complete() const override { return done_; }

 private:
  Result<std::string> step(std::string_view challenge) {
    if (done_ || failed_) return fail(Errc::invalid, "SASL: a challenge too many");
    Freed out;
    const int status = gsasl_step(session_, challenge.data(), challenge.size(), &out.text, &out.size);
    done_ = status == GSASL_OK;
    failed_ = status != GSASL_OK && status != GSASL_NEEDS_MORE;
    if (failed_) return library_failure(Errc::invalid, status);
    return std::string(out.text, out.size);
  }

  std::string mechanism_;
  SaslCredentials credentials_;
  bool speaks_first_, is_scram_;
  bool done_ = false, failed_ = false;
  Gsasl* context_ = nullptr;
  Gsasl_session* session_ = nullptr;
};

// XOAUTH2 and OAUTHBEARER (RFC 7628): the token is shown at once. A challenge says in JSON what was wrong with it; the
// client answers with a formality and hears the error.
class Token : public SaslClient {
 public:
  Token(std::string first, std::string formality)
      : first_(std::move(first)), formality_(std::move(formality)) {}

  Result<std::optional<std::string>> initial() override {
    auto text = encoded(first_);
    if (!text) return fail(text.error());
    shown_ = true;
    return std::optional(std::move(*text));
  }
  Result<std::string> answer(std::string_view challenge) override {
    const auto asked = decoded(challenge);
    if (!asked) return fail(asked.error());
    if (std::exchange(refused_, true)) return fail(Errc::invalid, "SASL: a challenge too many");
    return formality_;
  }
  bool is_complete() const override { return shown_ && !refused_; }

 private:
  std::string first_, formality_;
  bool shown_ = false, refused_ = false;
};

// RFC 5801 4: a name within a list.
std::string gs2_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ',') {
      out += "=2C";
    } else if (c == '=') {
      out += "=3D";
    } else {
      out += c;
    }
  }
  return out;
}

Result<std::unique_ptr<SaslClient>> show_token(bool is_bearer, const SaslCredentials& who) {
  const auto breaks_out = [](const std::string& text) { return text.find('\1') != std::string::npos; };
  if (breaks_out(who.user) || breaks_out(who.password) || breaks_out(who.host)) {
    return fail(Errc::invalid, "SASL: a control character in the user or token");
  }
  if (!is_bearer) {
    auto first = concat("user=", who.user, "\1auth=Bearer ", who.password, "\1\1");
    return std::unique_ptr<SaslClient>(new Token(std::move(first), ""));
  }
  std::string first = concat("n,a=", gs2_name(who.user), ",\1");
  if (!who.host.empty()) first += concat("host=", who.host, '\1');
  first += concat("auth=Bearer ", who.password, "\1\1");
  return std::unique_ptr<SaslClient>(new Token(std::move(first), "AQ=="));
}

}  // namespace

const std::vector<std::string_view>& SaslClient::mechanisms() {
  static const std::vector<std::string_view> all = {"SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN",
                                                    "LOGIN",         kXoauth2,      kBearer};
  return all;
}

std::vector<std::string> SaslClient::usable(const std::vector<std::string>& offered) {
  std::vector<std::string> all;
  for (const auto known : mechanisms()) {
    const bool is_offered = std::any_of(offered.begin(), offered.end(),
                                        [&](const std::string& name) { return iequals(name, known); });
    if (is_offered) all.emplace_back(known);
  }
  return all;
}

Result<std::unique_ptr<SaslClient>> SaslClient::begin(std::string_view mechanism,
                                                      const SaslCredentials& credentials) {
  const auto& known = mechanisms();
  const auto found =
      std::find_if(known.begin(), known.end(), [&](auto name) { return iequals(name, mechanism); });
  if (found == known.end())
    return fail(Errc::invalid, concat("SASL: unknown mechanism ", printable(mechanism, 100)));
  const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  if (has_nul(credentials.user) || has_nul(credentials.password)) {
    return fail(Errc::invalid, "SASL: a NUL in the user or password");
  }
  if (*found == kXoauth2 || *found == kBearer) return show_token(*found == kBearer, credentials);
  auto made = std::make_unique<Library>(*found, credentials);
  auto started = made->start();
  if (!started) return fail(started.error());
  return std::unique_ptr<SaslClient>(std::move(made));
}

}  // namespace postern::wire
