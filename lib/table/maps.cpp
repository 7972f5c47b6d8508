#include "lib/table/maps.h"

#include "lib/base/text.h"
#include "lib/mail/address.h"

namespace postern::table {

namespace {

Match key_of(std::string key, std::string extension) { return {{}, std::move(key), std::move(extension)}; }

// The form with quotes of a key that needs them: as it is written in mail, and in tables.
std::optional<std::string> quoted_key(std::string_view key) {
  if (key.starts_with('@')) return std::nullopt;
  auto quoted = mail::from_internal(key).quoted();
  if (quoted == key) return std::nullopt;
  return quoted;
}

}  // namespace

std::vector<Match> address_keys(std::string_view address, std::string_view delimiters, AddressKeys which) {
  const auto at = address.rfind('@');
  const bool has_domain = at != std::string_view::npos;
  const auto local = has_domain ? address.substr(0, at) : address;
  const auto domain = has_domain ? address.substr(at) : std::string_view();  // with its '@'
  const auto [user, tail, delimiter] = mail::split_extension(local, delimiters);
  const std::string extension = delimiter == 0 ? std::string() : concat(delimiter, tail);
  std::vector<Match> keys;
  if (has_domain) {
    keys.push_back(key_of(std::string(address), {}));
    if (!extension.empty()) keys.push_back(key_of(concat(user, domain), extension));
  }
  if (!has_domain || which == AddressKeys::bare_user) {
    keys.push_back(key_of(std::string(local), {}));
    if (!extension.empty()) keys.push_back(key_of(std::string(user), extension));
  }
  if (has_domain) keys.push_back(key_of(std::string(domain), {}));
  return keys;
}

Result<Maps> Maps::open(std::string_view parameter, std::string_view value) {
  const auto words = config::split_braced(value, config::kListSeparators);
  if (!words) return fail(words.error().kind, concat(parameter, ": ", words.error().text));
  return open(parameter, *words);
}

Result<Maps> Maps::open(std::string_view parameter, const config::List& words) {
  Maps maps;
  for (const auto& word : words) {
    maps.tables_.push_back(open_or_defer(word, parameter));
  }
  return maps;
}

net::Task<Found> Maps::lookup(std::string_view key, Key kind) const {
  for (const auto& table : tables_) {
    if (kind == Key::part && table->form() == KeyForm::pattern) continue;
    auto found = co_await table->lookup(key);
    if (!found) co_return fail(found.error().kind, lookup_error(*table, key, found.error().text));
    if (!*found) continue;
    if ((*found)->empty()) {
      co_return fail(Errc::busy, lookup_error(*table, key, "an empty value is not allowed"));
    }
    co_return found;
  }
  co_return Found(std::nullopt);
}

net::Task<Result<std::optional<Match>>> Maps::lookup_address(std::string_view address,
                                                             std::string_view delimiters,
                                                             AddressKeys which) const {
  using Answer = Result<std::optional<Match>>;
  if (tables_.empty()) co_return Answer(std::nullopt);
  auto keys = address_keys(address, delimiters, which);
  for (Match& match : keys) {
    const Key kind = &match == keys.data() ? Key::whole : Key::part;
    if (auto quoted = quoted_key(match.key)) {
      auto found = co_await lookup(*quoted, kind);
      if (!found) co_return fail(found.error());
      if (*found) {
        match.value = std::move(**found);
        match.key = std::move(*quoted);
        co_return Answer(std::move(match));
      }
    }
    auto found = co_await lookup(match.key, kind);
    if (!found) co_return fail(found.error());
    if (!*found) continue;
    match.value = std::move(**found);
    co_return Answer(std::move(match));
  }
  co_return Answer(std::nullopt);
}

}  // namespace postern::table
