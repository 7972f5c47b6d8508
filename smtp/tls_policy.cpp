#include "smtp/tls_policy.h"

#include <algorithm>
#include <set>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/values.h"

namespace postern::smtp {

namespace {

constexpr std::pair<std::string_view, TlsLevel> kLevels[] = {
    {"none", TlsLevel::none},       {"may", TlsLevel::may},
    {"encrypt", TlsLevel::encrypt}, {"fingerprint", TlsLevel::fingerprint},
    {"dane", TlsLevel::dane},       {"dane-only", TlsLevel::dane_only},
    {"verify", TlsLevel::verify},   {"secure", TlsLevel::secure}};

tl::unexpected<Trouble> unusable(const Destination& destination, const Host& host, std::string_view why) {
  log_warning(concat("TLS policy lookup for ", destination.text, "/", host.name, ": ", why));
  return tl::make_unexpected(trouble("4.7.5", "client TLS configuration problem"));
}

// The level that main.cf gives, in its old parameters too.
std::optional<TlsLevel> standard_level(const config::SmtpTlsParams& tls) {
  if (!tls.tls_security_level->empty()) return parse_tls_level(*tls.tls_security_level);
  if (*tls.enforce_tls) return *tls.tls_enforce_peername ? TlsLevel::verify : TlsLevel::encrypt;
  return *tls.use_tls ? TlsLevel::may : TlsLevel::none;
}

// The destination as it is written, then the domains above it as ".example.com".
std::vector<std::string> policy_keys(const Destination& destination) {
  std::vector<std::string> keys{lower(destination.text)};
  if (keys[0].find_first_of("[:/") != std::string::npos) return keys;
  for (auto dot = keys[0].find('.'); dot != std::string::npos; dot = keys[0].find('.', dot + 1)) {
    if (dot > 0) keys.push_back(keys[0].substr(dot));
  }
  return keys;
}

// Words of smtp_tls_secure_cert_match as names: nexthop, dot-nexthop, hostname, or a name.
std::vector<std::string> match_names(std::string_view words, const Destination& destination,
                                     const Host& host) {
  std::vector<std::string> names;
  for (const auto word : split_words(words, " \t\r\n,:")) {
    if (iequals(word, "nexthop")) {
      names.push_back(lower(destination.host));
    } else if (iequals(word, "dot-nexthop")) {
      names.push_back(concat(".", lower(destination.host)));
    } else if (iequals(word, "hostname")) {
      names.push_back(lower(host.name));
    } else {
      names.push_back(lower(word));
    }
  }
  return names;
}

std::string joined(const config::List& words, std::string_view between) {
  std::string text;
  for (const auto& word : words) text += concat(text.empty() ? "" : between, word);
  return text;
}

std::string server_name(std::string_view word, const Destination& destination, const Host& host) {
  if (iequals(word, "nexthop")) return lower(destination.host);
  return iequals(word, "hostname") ? lower(host.name) : std::string(word);
}

// Ciphers of a grade without those that are excluded, as OpenSSL has them; empty: there is no such grade.
std::string cipher_list(const Setup& setup, std::string_view grade, std::string_view excluded) {
  const auto found = setup.cipher_lists.find(lower(grade));
  if (found == setup.cipher_lists.end()) return {};
  return net::tls_cipher_list(found->second, excluded);
}

// Whether the level compares the certificate with what the table says. Where it does not, an attribute `match` would look as
// if something were asked.
bool matches(TlsLevel level) {
  return level == TlsLevel::fingerprint || level == TlsLevel::verify || level == TlsLevel::secure;
}

std::string listed(std::string_view value) {
  std::string list(value);
  std::replace(list.begin(), list.end(), ':', ' ');
  return list;
}

// False: there is no such attribute at this level, or it has no such value.
bool set_attribute(TlsPolicyText& policy, std::string_view name, std::string_view value) {
  if (name == "match" && matches(policy.level)) {
    policy.match += concat(policy.match.empty() ? "" : "|", value);
  } else if (name == "protocols") {
    policy.protocols = listed(value);
  } else if (name == "ciphers") {
    policy.ciphers = value;
  } else if (name == "exclude") {
    policy.exclude = listed(value);
  } else if (name == "servername") {
    policy.servername = value;
  } else if (name == "connection_reuse") {
    const auto yes = config::parse_bool(value);
    if (yes) policy.reuse = *yes;
    return yes.has_value();
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::optional<TlsLevel> parse_tls_level(std::string_view word) {
  for (const auto& [name, level] : kLevels) {
    if (iequals(name, word)) return level;
  }
  return std::nullopt;
}

Result<TlsPolicyText> parse_tls_policy(std::string_view text) {
  TlsPolicyText policy;
  const auto words = split_words(text);
  const auto level = words.empty() ? std::nullopt : parse_tls_level(words[0]);
  if (!level)
    return fail(Errc::invalid, concat("invalid security level \"", words.empty() ? "" : words[0], "\""));
  policy.level = *level;
  if (policy.level == TlsLevel::none) return policy;  // as in Postfix, whatever follows
  std::set<std::string> seen;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    const std::string name = lower(words[i].substr(0, equals));
    const auto value = equals == std::string_view::npos ? std::string_view() : words[i].substr(equals + 1);
    if (!seen.insert(name).second && name != "match")
      return fail(Errc::invalid, concat("attribute \"", name, "\" is there more than once"));
    if (value.empty() || !set_attribute(policy, name, value))
      return fail(Errc::invalid,
                  concat(value.empty() ? "malformed" : "invalid", " attribute \"", words[i], "\""));
  }
  return policy;
}

// From here on: the policy for one host.
namespace {

struct Search {
  const Setup& setup;
  Names& names;
  const Destination& destination;
  const Host& host;
  Deadline deadline;
};

net::Task<Result<TlsPolicyText>> find_text(const Search& search) {
  if (!search.setup.tls_policies.empty()) {
    const auto keys = policy_keys(search.destination);
    for (const auto& key : keys) {
      auto found = co_await search.setup.tls_policies.lookup(key);
      if (!found) co_return fail(found.error());
      if (*found) co_return parse_tls_policy(**found);
    }
  }
  const auto level = standard_level(search.setup.tls);
  if (!level)
    co_return fail(Errc::invalid,
                   concat("invalid security level \"", *search.setup.tls.tls_security_level, "\""));
  TlsPolicyText text;
  text.level = *level;
  co_return text;
}

// TLSA records decide between dane and the levels below it (RFC 7672 2.2).
net::Task<Maybe> apply_dane(const Search& search, TlsPolicy& policy) {
  const Host& host = search.host;
  const bool only = policy.level == TlsLevel::dane_only;
  if (search.setup.dns != DnsSupport::dnssec) {
    co_return unusable(search.destination, host, "dane configured with dnssec lookups disabled").value();
  }
  net::DnsAnswer<net::TlsaRecord> answer;
  answer.status = net::DnsStatus::no_data;
  if (host.is_secure) {
    const std::string base = host.tlsa_name.empty() ? host.name : host.tlsa_name;
    answer =
        co_await search.names.tlsa(concat("_", search.destination.port, "._tcp.", base), search.deadline);
  }
  if (answer.status == net::DnsStatus::try_again) {
    co_return trouble("4.7.5", concat("TLSA lookup error for ", host.name, ":", search.destination.port));
  }
  if (answer.records.empty() || !answer.secure) {
    if (only)
      co_return trouble("4.7.5", concat("non DANE destination: no TLSA records found for ", host.name));
    policy.level = TlsLevel::may;
    co_return std::nullopt;
  }
  for (auto& record : answer.records) {
    if (net::is_usable(record)) policy.peer.tlsa.push_back(std::move(record));
  }
  policy.peer.server_name = host.tlsa_name.empty() ? host.name : host.tlsa_name;
  if (policy.peer.tlsa.empty()) {
    log_warning(
        concat("TLS policy lookup for ", search.destination.text, "/", host.name, ": TLSA records unusable"));
    if (only) co_return trouble("4.7.5", concat("TLSA records of ", host.name, " are unusable"));
    policy.level = TlsLevel::encrypt;
    co_return std::nullopt;
  }
  policy.peer.trust = net::TlsTrust::tlsa;
  policy.peer.names = {lower(search.destination.host), lower(host.name), lower(policy.peer.server_name)};
  co_return std::nullopt;
}

// What the level asks of the certificate.
bool demand(const Search& search, const TlsPolicyText& text, TlsPolicy& policy) {
  const auto& tls = search.setup.tls;
  if (policy.level == TlsLevel::fingerprint) {
    policy.peer.trust = net::TlsTrust::fingerprint;
    policy.peer.fingerprint_digest = *tls.tls_fingerprint_digest;
    const std::string all = text.match.empty() ? joined(*tls.tls_fingerprint_cert_match, " ") : text.match;
    for (const auto one : split_words(all, " \t,|")) policy.peer.fingerprints.emplace_back(one);
    return !policy.peer.fingerprints.empty();
  }
  if (policy.level != TlsLevel::verify && policy.level != TlsLevel::secure) return true;
  policy.peer.trust = net::TlsTrust::authority;
  const auto& standard =
      policy.level == TlsLevel::verify ? *tls.tls_verify_cert_match : *tls.tls_secure_cert_match;
  std::string words = text.match.empty() ? joined(standard, " ") : text.match;
  std::replace(words.begin(), words.end(), '|', ' ');
  policy.peer.names = match_names(words, search.destination, search.host);
  return !policy.peer.names.empty();
}

bool choose_protocols(const Search& search, const TlsPolicyText& text, TlsPolicy& policy) {
  const auto& tls = search.setup.tls;
  const bool required = policy.is_required();
  policy.peer.protocols = !text.protocols.empty() ? text.protocols
                          : required              ? *tls.tls_mandatory_protocols
                                                  : *tls.tls_protocols;
  const std::string grade = !text.ciphers.empty() ? text.ciphers
                            : required            ? *tls.tls_mandatory_ciphers
                                                  : *tls.tls_ciphers;
  std::string excluded = text.exclude;
  if (excluded.empty()) {
    excluded = joined(*tls.tls_exclude_ciphers, " ");
    if (required) excluded += concat(" ", joined(*tls.tls_mandatory_exclude_ciphers, " "));
  }
  if (required) excluded += " eNULL";  // whatever the grade allows
  policy.peer.ciphers = cipher_list(search.setup, grade, excluded);
  return !policy.peer.ciphers.empty();
}

}  // namespace

net::Task<PolicyAnswer> find_tls_policy(const Setup& setup, Names& names, const Destination& destination,
                                        const Host& host, Deadline deadline) {
  const Search search{setup, names, destination, host, deadline};
  auto text = co_await find_text(search);
  if (!text) co_return unusable(destination, host, text.error().text);
  TlsPolicy policy;
  policy.level = text->level;
  policy.reuse = text->reuse.value_or(*setup.tls.tls_connection_reuse);
  if (!policy.is_wanted()) co_return policy;
  const auto level = static_cast<int>(policy.level);
  const std::string& name = text->servername.empty() ? *setup.tls.tls_servername : text->servername;
  policy.peer.server_name = server_name(name, destination, host);
  if (policy.level == TlsLevel::dane || policy.level == TlsLevel::dane_only) {
    auto why = co_await apply_dane(search, policy);
    if (why) co_return tl::make_unexpected(std::move(*why));
  }
  if (!demand(search, *text, policy)) co_return unusable(destination, host, "no certificate can match");
  if (!choose_protocols(search, *text, policy)) co_return unusable(destination, host, "unknown cipher grade");
  policy.asked =
      concat(level, '|', policy.peer.protocols, '|', *setup.tls.tls_CAfile, '|', *setup.tls.tls_CApath);
  co_return policy;
}

}  // namespace postern::smtp
