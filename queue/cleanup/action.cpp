#include "queue/cleanup/action.h"

#include "lib/base/text.h"
#include "lib/mail/header.h"
#include "lib/mail/status.h"

namespace postern::cleanup {

namespace {

using Kind = Action::Kind;

constexpr struct {
  std::string_view word;
  Kind kind;
} kWords[] = {
    {"BCC", Kind::bcc},         {"DISCARD", Kind::discard},   {"DUNNO", Kind::dunno},
    {"FILTER", Kind::filter},   {"HOLD", Kind::hold},         {"IGNORE", Kind::ignore},
    {"INFO", Kind::info},       {"OK", Kind::dunno},          {"PASS", Kind::pass},
    {"PREPEND", Kind::prepend}, {"REDIRECT", Kind::redirect}, {"REJECT", Kind::reject},
    {"REPLACE", Kind::replace}, {"STRIP", Kind::strip},       {"WARN", Kind::warn},
};

// What is wrong with an action's text; empty: nothing.
std::string problem_of(Kind kind, std::string_view text, std::string_view word, std::string_view table,
                       bool field) {
  const auto bad = [&](std::string_view what, std::string_view need) {
    return concat("bad ", word, ' ', what, " \"", printable(text, 200), "\" in ", table, " map -- need ",
                  need);
  };
  switch (kind) {
    case Kind::filter:
      if (text.find(':') == std::string_view::npos) return bad("command", "transport:destination");
      break;
    case Kind::redirect:
    case Kind::bcc:
      if (text.find('@') == std::string_view::npos) return bad("target", "user@domain");
      break;
    case Kind::prepend:
    case Kind::replace:
      if (text.empty()) return concat(word, " action without text in ", table, " map");
      if (field && mail::field_name(text).empty()) return bad("header text", "\"headername: headervalue\"");
      break;
    case Kind::unknown: return concat("unknown command in ", table, " map: ", printable(text, 200));
    default: break;
  }
  return {};
}

bool is_octal(char c) { return c >= '0' && c <= '7'; }

}  // namespace

Action parse_action(std::string_view value, std::string_view table, bool field) {
  value = trim(value);
  Action action;
  action.text = value;
  const auto word = value.substr(0, value.find_first_of(" \t"));
  for (const auto& known : kWords) {
    if (!iequals(word, known.word)) continue;
    action.kind = known.kind;
    action.text = trim(value.substr(word.size()));
    action.problem = problem_of(action.kind, action.text, known.word, table, field);
  }
  if (action.kind == Kind::unknown) action.problem = problem_of(action.kind, value, word, table, field);
  if (!action.problem.empty()) action.kind = Kind::unknown;
  return action;
}

std::string rejection(std::string_view text) {
  const auto leading = mail::split_dsn(text);
  const bool fits = leading.dsn.kind == 4 || leading.dsn.kind == 5;
  const std::string code = fits ? leading.dsn.text() : "5.7.1";
  const auto rest = leading.dsn.given() ? leading.rest : text;
  return concat(code, ' ', rest.empty() ? "message content rejected" : rest);
}

std::string unescape(std::string_view text) {
  constexpr std::string_view kLetters = "abfnrtv", kMeaning = "\a\b\f\n\r\t\v";
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      out += text[at];
      continue;
    }
    const char next = text[++at];
    if (is_octal(next)) {
      unsigned value = 0;
      std::size_t digits = 0;
      for (; digits < 3 && at + digits < text.size() && is_octal(text[at + digits]); ++digits) {
        value = value * 8 + static_cast<unsigned>(text[at + digits] - '0');
      }
      at += digits - 1;
      out += static_cast<char>(value & 0xff);
    } else {
      const auto letter = kLetters.find(next);
      out += letter == std::string_view::npos ? next : kMeaning[letter];
    }
  }
  return out;
}

}  // namespace postern::cleanup
