#include "lib/wire/server_replies.h"

#include <algorithm>
#include <array>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/reply.h"
#include "lib/wire/verb.h"

namespace postern::wire {

namespace {

// In the order of EHLO's answer.
enum Keyword { pipelining, size, vrfy, etrn, starttls, auth, enhanced, eight_bit, dsn, smtputf8, chunking };
constexpr std::array<std::string_view, 11> kKeywords = {
    "PIPELINING",          "SIZE",     "VRFY", "ETRN",     "STARTTLS", "AUTH",
    "ENHANCEDSTATUSCODES", "8BITMIME", "DSN",  "SMTPUTF8", "CHUNKING"};

std::uint32_t bit_of(std::string_view keyword) {
  for (std::size_t i = 0; i < kKeywords.size(); ++i) {
    if (iequals(keyword, kKeywords[i])) return 1u << i;
  }
  return 0;
}

bool is_ascii(char c) { return static_cast<signed char>(c) >= 0; }

// True if the first word of a line has the form of a field name, up to a colon.
bool begins_header(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const auto end =
      std::find_if(line.begin(), line.end(), [](char c) { return c <= ' ' || c == ':' || c > '~'; });
  return end != line.end() && *end == ':';
}

}  // namespace

Discarded::Discarded(std::string_view words) {
  for (const auto word : split_words(words)) add(word);
}

Discarded::Discarded(const std::vector<std::string>& words) {
  for (const std::string& word : words) add(word);
}

void Discarded::add(std::string_view word) {
  bits_ = static_cast<std::uint16_t>(bits_ | bit_of(word));
  if (iequals(word, "silent-discard")) silent_ = true;
}

bool Discarded::has(std::string_view keyword) const { return (bits_ & bit_of(keyword)) != 0; }

std::string Discarded::text() const {
  constexpr Keyword kOrder[] = {eight_bit, auth,     etrn, pipelining, size,    vrfy,
                                starttls,  enhanced, dsn,  smtputf8,   chunking};
  std::string out;
  for (const Keyword keyword : kOrder) {
    if (has(kKeywords[keyword])) out += concat(out.empty() ? "" : " ", kKeywords[keyword]);
  }
  return out;
}

Offer without(Offer offer, const Discarded& discarded) {
  const auto keep = [&](bool& offered, Keyword keyword) {
    if (discarded.has(kKeywords[keyword])) offered = false;
  };
  keep(offer.pipelining, pipelining);
  keep(offer.size, size);
  keep(offer.vrfy, vrfy);
  keep(offer.etrn, etrn);
  keep(offer.starttls, starttls);
  if (discarded.has(kKeywords[auth])) offer.auth = {};
  keep(offer.enhanced_status_codes, enhanced);
  keep(offer.eight_bit_mime, eight_bit);
  keep(offer.dsn, dsn);
  keep(offer.smtputf8, smtputf8);
  keep(offer.chunking, chunking);
  return offer;
}

std::string ehlo_reply(const Offer& offer) {
  std::vector<std::string> lines{std::string(offer.host)};
  const auto add = [&lines](bool offered, Keyword keyword, std::string_view argument = {}) {
    if (offered) lines.push_back(concat(kKeywords[keyword], argument.empty() ? "" : " ", argument));
  };
  add(offer.pipelining, pipelining);
  add(offer.size, size, offer.size_limit == 0 ? std::string() : std::to_string(offer.size_limit));
  add(offer.vrfy, vrfy);
  add(offer.etrn, etrn);
  add(offer.starttls, starttls);
  add(!offer.auth.empty(), auth, offer.auth);
  add(offer.enhanced_status_codes, enhanced);
  add(offer.eight_bit_mime, eight_bit);
  add(offer.dsn, dsn);
  add(offer.smtputf8, smtputf8);
  add(offer.chunking, chunking);
  std::string reply;
  append_reply(reply, 250, lines);
  return reply;
}

std::string helo_reply(std::string_view host) { return concat("250 ", host, "\r\n"); }

mail::Status bad_utf8() { return {500, {5, 5, 2}, "Error: bad UTF-8 syntax"}; }

std::optional<mail::Status> mail_refusal(const Mail& command, const MailRules& rules, bool greeted,
                                         bool in_transaction) {
  if (rules.helo_required && !greeted) return mail::Status{503, {5, 5, 1}, "Error: send HELO/EHLO first"};
  if (in_transaction) return mail::Status{503, {5, 5, 1}, "Error: nested MAIL command"};
  if (command.smtputf8 && !rules.smtputf8) return mail::status::unsupported_option("SMTPUTF8");
  if (rules.size_limit > 0 && command.size > rules.size_limit) return mail::status::too_big();
  return std::nullopt;
}

CommandWords command_words(std::span<const std::string> words, std::string_view parameter) {
  CommandWords set;
  for (const std::string& word : words) {
    if (word.find(':') == std::string::npos) {
      set.insert(upper(word));
    } else {
      log_warning(concat(parameter, ": tables are not supported here: ", word));
    }
  }
  return set;
}

bool is_among(std::string_view line, const CommandWords& words) {
  return !words.empty() && words.count(verb_of(line)) > 0;
}

namespace {

// "PUT /a HTTP/1.1", "PRI * HTTP/2.0": whatever the method is called.
bool is_web_request(std::string_view line) {
  const auto last = line.rfind(' ');
  return last != std::string_view::npos && line.substr(last + 1).starts_with("HTTP/");
}

}  // namespace

bool is_forbidden(std::string_view line, const CommandWords& forbidden) {
  return begins_header(line) || is_among(line, forbidden) || is_web_request(line);
}

bool is_non_smtp(std::string_view word, const CommandWords& forbidden, bool smtputf8) {
  if (word.empty() || first_verb(word) != Verb::unknown) return false;
  if (!is_ascii(word.front()) || (smtputf8 && !is_utf8(word))) return true;
  return is_forbidden(word, forbidden);
}

}  // namespace postern::wire
