#include "lib/wire/command.h"

#include <algorithm>
#include <limits>

#include "lib/base/text.h"
#include "lib/wire/parameters.h"

namespace postern::wire {

namespace {

using mail::Grammar;
using mail::Status;

tl::unexpected<Status> refuse(Status status) { return tl::make_unexpected(std::move(status)); }

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Takes the next word and the blanks after it.
std::string_view take_word(std::string_view& text) {
  const auto word = text.substr(0, text.find_first_of(" \t"));
  text = trim_blanks(text.substr(word.size()));
  return word;
}

// "FROM:" or "TO:" and what follows, blanks gone. False when the keyword or the address is missing.
bool take_keyword(std::string_view& text, std::string_view keyword, Grammar grammar) {
  if (!istarts_with(text, keyword)) return false;
  text.remove_prefix(keyword.size());
  if (!text.starts_with(':')) return false;
  text.remove_prefix(1);
  if (grammar == Grammar::lenient) text = trim_blanks(text);
  return !text.empty();
}

// The path, and after it nothing or a blank.
Result<mail::Address> take_path(std::string_view& text, Grammar grammar) {
  auto path = mail::parse_path(text, grammar);
  if (!path) return fail(path.error());
  text.remove_prefix(path->length);
  if (!text.empty() && !is_blank(text.front())) return fail(Errc::invalid, "text after the address");
  text = trim_blanks(text);
  return std::move(path->address);
}

ParsedCommand parse_helo(std::string_view rest) {
  if (rest.empty()) return refuse({501, {}, "Syntax: HELO hostname"});
  return Helo{std::string(rest)};
}

ParsedCommand parse_ehlo(std::string_view rest) {
  if (rest.empty()) return refuse({501, {}, "Syntax: EHLO hostname"});
  return Ehlo{std::string(rest)};
}

ParsedCommand parse_mail(std::string_view rest, Grammar grammar) {
  if (!take_keyword(rest, "FROM", grammar)) return refuse(mail::status::syntax("MAIL FROM:<address>"));
  auto address = take_path(rest, grammar);
  if (!address) return refuse(mail::status::bad_sender_syntax().because(address.error().text));
  Mail command;
  command.address = std::move(*address);
  if (auto trouble = parse_mail_parameters(rest, command)) return refuse(std::move(*trouble));
  return command;
}

ParsedCommand parse_rcpt(std::string_view rest, Grammar grammar) {
  if (!take_keyword(rest, "TO", grammar)) return refuse(mail::status::syntax("RCPT TO:<address>"));
  auto address = take_path(rest, grammar);
  if (!address) return refuse(mail::status::bad_recipient_syntax().because(address.error().text));
  if (address->null()) return refuse(mail::status::bad_recipient_syntax());
  Rcpt command;
  command.address = std::move(*address);
  if (auto trouble = parse_rcpt_parameters(rest, command)) return refuse(std::move(*trouble));
  return command;
}

// RFC 3030 2: BDAT SP size [SP LAST]. Where a chunk ends that has no size nobody knows: its session is over.
ParsedCommand parse_bdat(std::string_view rest) {
  const auto size = parse_number(take_word(rest));
  const bool last = iequals(rest, "LAST");
  if (!size || (!rest.empty() && !last)) return refuse({521, {5, 5, 4}, "Syntax: BDAT count [LAST]"});
  return Bdat{static_cast<std::uint64_t>(*size), last};
}

// RFC 4954 4: AUTH SP mechanism [SP initial-response]; mechanism names are those of RFC 4422 3.1.
ParsedCommand parse_auth(std::string_view rest) {
  const auto mechanism = take_word(rest);
  const bool valid = !mechanism.empty() && mechanism.size() <= 20 &&
                     std::all_of(mechanism.begin(), mechanism.end(),
                                 [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
  const bool one_word = rest.find_first_of(" \t") == std::string_view::npos;
  if (!valid || !one_word) return refuse(mail::status::syntax("AUTH mechanism"));
  return Auth{upper(mechanism), std::string(rest)};
}

ParsedCommand parse_vrfy(std::string_view rest) {
  if (rest.empty()) return refuse(mail::status::syntax("VRFY address"));
  return Vrfy{std::string(rest)};
}

ParsedCommand parse_etrn(std::string_view rest) {
  if (rest.empty() || rest.find_first_of(" \t") != std::string_view::npos) {
    return refuse({500, {}, "Syntax: ETRN domain"});
  }
  return Etrn{std::string(rest)};
}

// A verb that takes no argument.
template <class Verb>
ParsedCommand alone(std::string_view rest, std::string_view usage) {
  if (!rest.empty()) return refuse(mail::status::syntax(usage));
  return Verb{};
}

}  // namespace

std::string verb_of(std::string_view line) {
  const auto start = std::min(line.find_first_not_of(" \t"), line.size());
  const auto word = line.substr(start, line.find_first_of(" \t", start) - start).substr(0, 100);
  return upper(printable(word));
}

std::string_view name_of(const Command& command) {
  constexpr std::string_view kNames[] = {"helo", "ehlo",     "mail", "rcpt",   "data", "bdat",
                                         "rset", "noop",     "quit", "help",   "vrfy", "expn",
                                         "etrn", "starttls", "auth", "unknown"};
  static_assert(std::size(kNames) == std::variant_size_v<Command>);
  return kNames[command.index()];
}

ParsedCommand parse_command(std::string_view line, Grammar grammar) {
  if (line.size() > kLongestCommand) return refuse(mail::status::too_long());
  auto rest = trim_blanks(line);
  const auto word = take_word(rest);
  const auto is = [word](std::string_view verb) { return iequals(word, verb); };
  if (is("MAIL")) return parse_mail(rest, grammar);
  if (is("RCPT")) return parse_rcpt(rest, grammar);
  if (is("DATA")) return alone<Data>(rest, "DATA");
  if (is("BDAT")) return parse_bdat(rest);
  if (is("EHLO")) return parse_ehlo(rest);
  if (is("HELO")) return parse_helo(rest);
  if (is("QUIT")) return Quit{};  // RFC 5321 has no argument here, but leaving should not fail
  if (is("RSET")) return alone<Rset>(rest, "RSET");
  if (is("NOOP")) return Noop{};
  if (is("HELP")) return Help{};
  if (is("AUTH")) return parse_auth(rest);
  if (is("STARTTLS")) return alone<StartTls>(rest, "STARTTLS");
  if (is("VRFY")) return parse_vrfy(rest);
  if (is("EXPN")) return Expn{std::string(rest)};
  if (is("ETRN")) return parse_etrn(rest);
  if (word.empty()) return refuse({500, {5, 5, 2}, "Error: bad syntax"});
  return Unknown{verb_of(word), std::string(rest)};
}

}  // namespace postern::wire
