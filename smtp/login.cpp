// AUTH (RFC 4954): which password, which mechanism, and the exchange.
#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/wire/sasl_client.h"
#include "smtp/connect.h"

namespace postern::smtp {

namespace {

constexpr int kMostChallenges = 10;

bool lists(const config::List& words, std::string_view word) {
  return std::any_of(words.begin(), words.end(), [word](const auto& one) { return iequals(one, word); });
}

// What smtp_sasl_security_options forbids.
bool is_allowed(const Setup& setup, const config::List& options, const std::string& mechanism) {
  const bool in_clear = mechanism == "PLAIN" || mechanism == "LOGIN" || mechanism == "XOAUTH2";
  if (in_clear && lists(options, "noplaintext")) return false;
  if (mechanism == "ANONYMOUS" && lists(options, "noanonymous")) return false;
  if (mechanism == "CRAM-MD5" && (lists(options, "noactive") || lists(options, "nodictionary"))) return false;
  if (mechanism != "SCRAM-SHA-256" && lists(options, "mutual_auth")) return false;
  const auto& filter = *setup.tls.sasl_mechanism_filter;
  for (const auto& word : filter) {
    if (word.starts_with('!') && iequals(std::string_view(word).substr(1), mechanism)) return false;
    if (iequals(word, mechanism) || word == "static:all" || word == "static:rest") return true;
  }
  return filter.empty();
}

const config::List& options_of(const Session& session) {
  const auto& tls = session.setup().tls;
  if (!session.is_tls) return *tls.sasl_security_options;
  return session.is_verified ? *tls.sasl_tls_verified_security_options : *tls.sasl_tls_security_options;
}

Trouble cannot(const Session& session, std::string_view why) {
  return trouble("4.7.0", concat("SASL authentication failed: cannot authenticate to server ",
                                 session.host().label(), ": ", why));
}

Trouble rejected(const Session& session, const wire::Reply& reply) {
  Trouble why =
      refused(session.host(), reply,
              concat("SASL authentication failed; server ", session.host().label(), " said: ", reply.text()));
  if (*session.setup().tls.sasl_auth_soft_bounce && why.dsn[0] == '5') why.dsn[0] = '4';
  return why;
}

net::Task<Maybe> exchange(Session& session, std::string mechanism, wire::SaslClient& client) {
  const Duration limit = *session.setup().session.helo_timeout;
  constexpr std::string_view kDoing = "performing the AUTH command";
  auto initial = client.initial();
  if (!initial) co_return cannot(session, initial.error().text);
  std::string line = concat("AUTH ", mechanism);
  // RFC 4954 4: a line that would be too long is sent without its initial response, which follows the first challenge.
  if (*initial) line += concat(" ", **initial);
  for (int n = 0; n < kMostChallenges; ++n) {
    auto reply = co_await session.ask(std::move(line), limit, kDoing);
    if (!reply) co_return reply.error();
    if (reply->ok()) {
      if (client.is_complete()) co_return std::nullopt;
      co_return cannot(session, "the server did not prove that it knows the password");
    }
    if (reply->code != 334) co_return rejected(session, *reply);
    const std::string challenge = reply->lines.empty() ? std::string() : reply->lines.back();
    auto answer = client.answer(challenge);
    line = answer ? *answer : "*";
    if (answer) continue;
    auto last = co_await session.ask(std::move(line), limit, kDoing);
    if (last && !last->ok() && last->code != 334) co_return rejected(session, *last);
    co_return cannot(session, answer.error().text);
  }
  co_return trouble("4.7.0", concat("SASL authentication failed; authentication protocol loop with server ",
                                    session.host().label()));
}

}  // namespace

net::Task<tl::expected<std::optional<Login>, Trouble>> find_login(const Setup& setup, const Wanted& wanted) {
  std::optional<std::string> entry;
  if (*setup.tls.sender_dependent_authentication && !wanted.sender.empty()) {
    auto found = co_await setup.passwords.lookup_address(wanted.sender, setup.recipient_delimiter,
                                                         table::AddressKeys::full);
    if (!found) co_return tl::make_unexpected(trouble("4.3.0", found.error().text));
    if (*found) entry = (*found)->value;
  }
  const std::string keys[] = {wanted.host->name, wanted.destination->text};
  for (const auto& key : keys) {
    if (entry) break;
    auto found = co_await setup.passwords.lookup(key);
    if (!found) co_return tl::make_unexpected(trouble("4.3.0", found.error().text));
    entry = std::move(*found);
  }
  if (!entry) co_return std::optional<Login>();
  const std::string& delimiter = *setup.tls.sasl_password_result_delimiter;
  const auto end = entry->find(delimiter.empty() ? ":" : delimiter);
  Login login;
  login.user = entry->substr(0, end);
  if (end != std::string::npos)
    login.password = entry->substr(end + std::max<std::size_t>(delimiter.size(), 1));
  if (login.user.empty()) co_return std::optional<Login>();
  co_return std::optional<Login>(std::move(login));
}

net::Task<Maybe> log_in(Session& session, const Wanted& wanted) {
  if (!session.features.auth) co_return std::nullopt;
  auto login = co_await find_login(session.setup(), wanted);
  if (!login) co_return login.error();
  if (!*login) {
    session.features.auth = false;
    co_return std::nullopt;
  }
  auto mechanisms = wire::SaslClient::usable(session.features.mechanisms);
  const auto& options = options_of(session);
  std::erase_if(mechanisms,
                [&](const std::string& one) { return !is_allowed(session.setup(), options, one); });
  // XOAUTH2 takes a token where the others take a password: it is used where the filter asks for it, or nothing else is left.
  if (mechanisms.empty()) {
    co_return trouble(
        "4.7.0",
        concat("SASL authentication failed: server ", session.host().label(),
               " offered no compatible authentication mechanisms for this type of connection security"));
  }
  wire::SaslCredentials credentials;
  credentials.user = (*login)->user;
  credentials.password = (*login)->password;
  credentials.host = session.host().name;
  auto client = wire::SaslClient::begin(mechanisms.front(), credentials);
  if (!client) co_return cannot(session, client.error().text);
  co_return co_await exchange(session, mechanisms.front(), **client);
}

}  // namespace postern::smtp
