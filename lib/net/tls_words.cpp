// The words in which an administrator says which protocols and ciphers may be used.
#include <openssl/ssl.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "lib/base/text.h"
#include "lib/net/tls.h"
#include "lib/net/tls_errors.h"

namespace postern::net {

namespace {

constexpr std::string_view kSeparators = " \t\r\n,:";

struct Version {
  std::string_view name;
  int number;
};
constexpr Version kVersions[] = {{"SSLv2", SSL2_VERSION},     {"SSLv3", SSL3_VERSION},
                                 {"TLSv1", TLS1_VERSION},     {"TLSv1.1", TLS1_1_VERSION},
                                 {"TLSv1.2", TLS1_2_VERSION}, {"TLSv1.3", TLS1_3_VERSION}};

std::optional<int> version_named(std::string_view name) {
  const auto* found = std::find_if(std::begin(kVersions), std::end(kVersions),
                                   [&](const Version& version) { return iequals(version.name, name); });
  if (found == std::end(kVersions)) return std::nullopt;
  return found->number;
}

// A bound may also be a number in hexadecimal, for versions that have no name here; 0 is no bound.
std::optional<int> bound_named(std::string_view name) {
  if (const auto version = version_named(name)) return version;
  if (istarts_with(name, "0x")) name.remove_prefix(2);
  int number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number, 16);
  const bool is_number = error == std::errc() && end == name.data() + name.size();
  if (!is_number || number < 0 || number > 0xffff) return std::nullopt;
  return number;
}

struct Choice {
  int floor = 0, ceiling = 0;
  std::vector<int> included, excluded;

  bool add(std::string_view word) {
    if (word.starts_with(">=") || word.starts_with("<=")) {
      const auto bound = bound_named(word.substr(2));
      (word[0] == '>' ? floor : ceiling) = bound.value_or(0);
      return bound.has_value();
    }
    const bool exclude = word.starts_with('!');
    const auto version = version_named(word.substr(exclude ? 1 : 0));
    if (version) (exclude ? excluded : included).push_back(*version);
    return version.has_value();
  }

  bool admits(int version) const {
    const auto among = [&](const std::vector<int>& list) {
      return std::find(list.begin(), list.end(), version) != list.end();
    };
    return version >= floor && (ceiling == 0 || version <= ceiling) && !among(excluded) &&
           (included.empty() || among(included));
  }
};

}  // namespace

Result<std::vector<int>> tls_versions(std::string_view text) {
  Choice choice;
  for (const auto word : split_words(text, kSeparators)) {
    if (!choice.add(word)) return fail(Errc::invalid, concat("no TLS protocol version: \"", word, '"'));
  }
  std::vector<int> versions;
  for (const auto& version : kVersions) {
    if (version.number != SSL2_VERSION && choice.admits(version.number)) versions.push_back(version.number);
  }
  if (versions.empty()) return fail(Errc::invalid, concat("no TLS protocol version is left: \"", text, '"'));
  return versions;
}

std::string tls_cipher_list(std::string_view list, std::string_view excluded) {
  std::string all(list);
  for (const auto word : split_words(excluded, kSeparators)) {
    if (!all.empty()) all += ':';
    all += '!';
    all += word;
  }
  return all;
}

Result<void> check_tls_ciphers(const std::string& list) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_method()), &SSL_CTX_free);
  if (context && SSL_CTX_set_cipher_list(context.get(), list.c_str()) == 1) return {};
  tls_reasons();
  return fail(Errc::invalid, concat("no cipher list: \"", list, '"'));
}

}  // namespace postern::net
