#include "smtpd/access.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::smtpd {

namespace {

// Names are at most 255 bytes, yet 127 lookups for one name are more than anybody needs.
constexpr std::size_t kMostParents = 20;

void add_parents(std::vector<std::string>& keys, std::string_view name, Parents parents) {
  for (std::size_t count = 0; count < kMostParents; ++count) {
    const auto dot = name.find('.', 1);
    if (dot == std::string_view::npos || dot + 1 >= name.size()) return;
    name.remove_prefix(dot);
    keys.emplace_back(parents == Parents::dotted ? name : name.substr(1));
    name.remove_prefix(1);
  }
}

void add_networks(std::vector<std::string>& keys, std::string_view address) {
  const char separator = address.find(':') == std::string_view::npos ? '.' : ':';
  for (;;) {
    keys.emplace_back(address);
    const auto end = address.rfind(separator);
    if (end == std::string_view::npos) return;
    address = address.substr(0, end);
    while (address.ends_with(separator)) address.remove_suffix(1);
    if (address.empty()) return;
  }
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

Action refusal(int code, mail::Dsn dsn, std::string_view text) {
  const auto leading = mail::split_dsn(text);
  if (leading.dsn.given()) dsn = leading.dsn;
  dsn.kind = static_cast<std::uint16_t>(code / 100);
  const auto reason = leading.rest.empty() ? std::string_view("Access denied") : leading.rest;
  return {Action::Kind::refuse, {code, dsn, std::string(reason)}, Word::misconfigured};
}

}  // namespace

std::vector<std::string> host_keys(std::string_view name, Parents parents) {
  if (name.size() > 1 && name.ends_with('.')) name.remove_suffix(1);
  std::vector<std::string> keys{std::string(name)};
  add_parents(keys, name, parents);
  return keys;
}

std::vector<std::string> client_keys(std::string_view name, std::string_view address, Parents parents) {
  auto keys = host_keys(name, parents);
  add_networks(keys, address);
  return keys;
}

std::vector<std::string> address_keys(const mail::Address& address, std::string_view delimiters,
                                      Parents parents) {
  if (address.null()) return {"<>"};
  std::vector<std::string> keys;
  const auto split = mail::split_extension(address.local, delimiters);
  const bool extended = !split.extension.empty();
  if (!address.domain.empty()) {
    keys.push_back(address.text());
    if (extended) keys.push_back(concat(split.user, '@', address.domain));
    keys.push_back(address.domain);
    add_parents(keys, address.domain, parents);
  }
  keys.push_back(concat(address.local, '@'));
  if (extended) keys.push_back(concat(split.user, '@'));
  return keys;
}

Action parse_action(std::string_view value, int reject_code, int defer_code) {
  value = trim(value);
  const auto word = value.substr(0, value.find_first_of(" \t"));
  const auto rest = trim(value.substr(word.size()));
  if (iequals(word, "OK")) return {Action::Kind::permit, {}, Word::permit};
  if (iequals(word, "DUNNO")) return {Action::Kind::dunno, {}, Word::permit};
  if (iequals(word, "REJECT")) return refusal(reject_code, {5, 7, 1}, rest);
  if (iequals(word, "DEFER")) return refusal(defer_code, {4, 7, 1}, rest);
  if (word.size() == 3 && is_number(word) && (word[0] == '4' || word[0] == '5')) {
    return refusal(static_cast<int>(*parse_number(word)), {5, 7, 1}, rest);
  }
  if (is_number(word)) return {Action::Kind::permit, {}, Word::permit};
  const Word other = plain_word(value);
  if (other != Word::misconfigured) return {Action::Kind::another, {}, other};
  return {};
}

}  // namespace postern::smtpd
