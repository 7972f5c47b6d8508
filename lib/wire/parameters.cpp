#include "lib/wire/parameters.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "lib/base/text.h"
#include "lib/wire/xtext.h"

namespace postern::wire {

namespace {

namespace status = mail::status;
using Trouble = std::optional<mail::Status>;

struct Parameter {
  std::string_view name, value;
  bool has_value = false;
  std::string_view word;  // as written
};

Parameter split_parameter(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return {word, {}, false, word};
  return {word.substr(0, equals), word.substr(equals + 1), true, word};
}

bool set_size(std::string_view value, std::uint64_t& size) {
  const auto octets = parse_octets(value);
  if (octets) size = *octets;
  return octets.has_value();
}

// A body type that is not known cannot be granted, so it is an unsupported option rather than bad syntax.
bool set_body(std::string_view value, mail::BodyType& body) {
  if (iequals(value, "7BIT")) body = mail::BodyType::seven_bit;
  if (iequals(value, "8BITMIME")) body = mail::BodyType::eight_bit_mime;
  return body != mail::BodyType::unspecified;
}

bool set_return(std::string_view value, mail::Return& ret) {
  if (iequals(value, "FULL")) ret = mail::Return::full;
  if (iequals(value, "HDRS")) ret = mail::Return::headers;
  return ret != mail::Return::unspecified;
}

bool set_envid(std::string_view value, std::string& envid) {
  const auto decoded = decode_xtext(value);
  if (!decoded || decoded->empty() || decoded->size() > kLongestEnvid) return false;
  envid = *decoded;
  return true;
}

// RFC 4954 5: "<>" or a mailbox, in xtext.
bool set_auth(std::string_view value, std::string& auth) {
  const auto decoded = decode_xtext(value);
  if (!decoded || (*decoded != "<>" && !mail::parse_mailbox(*decoded))) return false;
  auth = *decoded;
  return true;
}

// NEVER alone, or some of SUCCESS, FAILURE and DELAY (RFC 3461 4.1).
bool set_notify(std::string_view value, mail::Notify& notify) {
  do {
    const auto comma = std::min(value.find(','), value.size());
    const auto word = value.substr(0, comma);
    if (iequals(word, "NEVER")) {
      notify.never = true;
    } else if (iequals(word, "SUCCESS")) {
      notify.success = true;
    } else if (iequals(word, "FAILURE")) {
      notify.failure = true;
    } else if (iequals(word, "DELAY")) {
      notify.delay = true;
    } else {
      return false;
    }
    if (comma + 1 == value.size()) return false;
    value.remove_prefix(std::min(comma + 1, value.size()));
  } while (!value.empty());
  return !notify.never || !(notify.success || notify.failure || notify.delay);
}

// addr-type ";" xtext, where the type is an atom (RFC 3461 4.2).
bool set_orcpt(std::string_view value, std::string& orcpt) {
  if (value.size() > kLongestOrcpt) return false;
  const auto semicolon = value.find(';');
  if (semicolon == std::string_view::npos || semicolon == 0) return false;
  const auto type = value.substr(0, semicolon);
  if (!std::all_of(type.begin(), type.end(), [](char c) { return is_alnum(c) || c == '-'; })) return false;
  const auto decoded = decode_xtext(value.substr(semicolon + 1));
  if (!decoded || decoded->empty()) return false;
  orcpt = concat(type, ';', *decoded);
  return true;
}

Trouble unless(bool good, std::string_view name) {
  if (good) return std::nullopt;
  return status::bad_parameter(name);
}

Trouble set_mail(const Parameter& given, Mail& command) {
  const auto is = [&](std::string_view name) { return given.has_value && iequals(given.name, name); };
  if (is("SIZE")) {
    if (set_size(given.value, command.size)) return std::nullopt;
    return mail::Status{501, {5, 5, 4}, "Bad message size syntax"};
  }
  if (is("BODY") && set_body(given.value, command.body)) return std::nullopt;
  if (is("RET")) return unless(set_return(given.value, command.ret), "RET");
  if (is("ENVID")) return unless(set_envid(given.value, command.envid), "ENVID");
  if (is("AUTH")) return unless(set_auth(given.value, command.auth), "AUTH");
  if (!given.has_value && iequals(given.name, "SMTPUTF8")) {
    command.smtputf8 = true;
    return std::nullopt;
  }
  return status::unsupported_option(given.word);
}

Trouble set_rcpt(const Parameter& given, Rcpt& command) {
  const auto is = [&](std::string_view name) { return given.has_value && iequals(given.name, name); };
  if (is("NOTIFY")) return unless(set_notify(given.value, command.notify), "NOTIFY");
  if (is("ORCPT")) return unless(set_orcpt(given.value, command.orcpt), "ORCPT");
  return status::unsupported_option(given.word);
}

template <class Verb>
Trouble parse_all(std::string_view text, Verb& command, Trouble (*set)(const Parameter&, Verb&)) {
  std::string_view seen[kMostParameters];
  std::size_t count = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(" \t"), text.size());
    const auto given = split_parameter(text.substr(0, end));
    text.remove_prefix(std::min(text.find_first_not_of(" \t", end), text.size()));
    const auto twice = std::any_of(seen, seen + count, [&](auto name) { return iequals(name, given.name); });
    if (twice || count == kMostParameters) return status::bad_parameter(printable(given.name, 100));
    seen[count++] = given.name;
    if (auto trouble = set(given, command)) return trouble;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_octets(std::string_view text) {
  if (text.empty() || text.size() > 20 || !std::all_of(text.begin(), text.end(), is_digit))
    return std::nullopt;
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return kMost;
  return std::min(value, kMost);
}

std::optional<mail::Status> parse_mail_parameters(std::string_view text, Mail& command) {
  command.esmtp = !text.empty();
  return parse_all(text, command, set_mail);
}

std::optional<mail::Status> parse_rcpt_parameters(std::string_view text, Rcpt& command) {
  return parse_all(text, command, set_rcpt);
}

}  // namespace postern::wire
