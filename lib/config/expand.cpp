#include "lib/config/expand.h"

#include <algorithm>
#include <array>

#include "lib/base/text.h"
#include "lib/config/level.h"
#include "lib/config/lines.h"
#include "lib/config/words.h"

namespace postern::config {

namespace {

bool is_name_char(char c) { return is_alnum(c) || c == '_'; }

std::string_view leading_name(std::string_view text) {
  const auto stop = std::find_if_not(text.begin(), text.end(), is_name_char);
  return text.substr(0, static_cast<std::size_t>(stop - text.begin()));
}

std::string_view trim_left(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

Failure syntax_error(std::string_view body) {
  return fail(Errc::invalid, concat("macro syntax error: \"", shown(body), "\""));
}

// Takes "{ text }" off the front: its inside, trimmed. Nothing when there is no complete group.
std::optional<std::string_view> take_group(std::string_view& text) {
  text = trim_left(text);
  if (!text.starts_with('{')) return std::nullopt;
  const auto end = behind_group(text);
  if (end == text.npos) return std::nullopt;
  const auto inside = trim(text.substr(1, end - 2));
  text = trim_left(text.substr(end));
  return inside;
}

struct Branches {
  std::string_view if_true, if_false;
};

// One branch: a group with nothing behind it, or plain text taken as it is.
std::optional<std::string_view> last_branch(std::string_view text) {
  if (!trim_left(text).starts_with('{')) return text;
  const auto group = take_group(text);
  return text.empty() ? group : std::nullopt;
}

// "?{a}", "?{a}:{b}", "?{a}:text", "?text", ":{b}" or ":text".
std::optional<Branches> parse_branches(std::string_view text) {
  const char op = text.front();
  text.remove_prefix(1);
  if (op == ':' || !trim_left(text).starts_with('{')) {
    const auto branch = last_branch(text);
    if (!branch) return std::nullopt;
    return op == '?' ? Branches{*branch, {}} : Branches{{}, *branch};
  }
  const auto if_true = take_group(text);
  if (!if_true) return std::nullopt;
  if (text.empty()) return Branches{*if_true, {}};
  if (text.front() != ':') return std::nullopt;
  const auto if_false = last_branch(text.substr(1));
  if (!if_false) return std::nullopt;
  return Branches{*if_true, *if_false};
}

struct Operator {
  std::string_view text;
  bool less, equal, greater;  // for which order of the operands it is true
};

// Of two that start alike the longer one comes first.
constexpr std::array<Operator, 6> kOperators{{{"==", false, true, false},
                                              {"!=", true, false, true},
                                              {"<=", true, true, false},
                                              {">=", false, true, true},
                                              {"<", true, false, false},
                                              {">", false, false, true}}};

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// Negative, zero or positive. Numbers of any length, without conversion.
int compare(std::string_view left, std::string_view right) {
  if (!is_number(left) || !is_number(right)) return left.compare(right);
  const auto significant = [](std::string_view digits) {
    return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
  };
  left = significant(left);
  right = significant(right);
  if (left.size() != right.size()) return left.size() < right.size() ? -1 : 1;
  return left.compare(right);
}

class Expander {
 public:
  explicit Expander(const Lookup& lookup) : lookup_(lookup) {}

  Result<void> text(std::string_view text, std::string& out, int depth);
  // The first name that expanded as empty because it is not defined; empty when there was none.
  const std::string& undefined() const { return undefined_; }

 private:
  Result<std::string_view> macro(std::string_view text, std::string& out, int depth);
  Result<void> plain(std::string_view name, std::string& out, int depth);
  Result<void> braced(std::string_view body, std::string& out, int depth);
  Result<void> comparison(std::string_view body, std::string& out, int depth);
  Result<void> choose(bool condition, std::string_view branches, std::string& out, int depth);
  Result<void> charge(std::size_t bytes);

  const Lookup& lookup_;
  std::size_t work_ = 0;
  std::string undefined_;
};

Result<void> Expander::charge(std::size_t bytes) {
  work_ += bytes + kMacroWork;
  if (work_ <= kMostExpansionWork) return {};
  return fail(Errc::too_long, "macro expansion is too large");
}

Result<void> Expander::text(std::string_view text, std::string& out, int depth) {
  if (depth > kDeepestExpansion) {
    return fail(Errc::too_long, concat("unreasonable macro call nesting: \"", shown(text), "\""));
  }
  if (auto fine = charge(text.size()); !fine) return fine;
  for (;;) {
    const auto dollar = std::min(text.find('$'), text.size());
    out += text.substr(0, dollar);
    if (out.size() > kLongestExpansion) return fail(Errc::too_long, "macro expansion is too large");
    text.remove_prefix(dollar);
    if (text.empty()) return {};
    const auto rest = macro(text, out, depth);
    if (!rest) return fail(rest.error());
    text = *rest;
  }
}

// Expands the macro that the text starts with; what stands behind it.
Result<std::string_view> Expander::macro(std::string_view text, std::string& out, int depth) {
  const auto behind = text.substr(1);
  const char open = behind.empty() ? '\0' : behind.front();
  if (open == '$') {
    out += '$';
    return behind.substr(1);
  }
  if (open == '{' || open == '(') {
    const auto end = behind_group(behind, open, open == '{' ? '}' : ')');
    if (end == behind.npos) {
      return fail(Errc::invalid, concat("truncated macro reference: \"", shown(text), "\""));
    }
    if (auto done = braced(behind.substr(1, end - 2), out, depth); !done) return fail(done.error());
    return behind.substr(end);
  }
  const auto name = leading_name(behind);
  if (name.empty()) return fail(Errc::invalid, concat("empty macro name: \"", shown(text), "\""));
  if (auto done = plain(name, out, depth); !done) return fail(done.error());
  return behind.substr(name.size());
}

Result<void> Expander::plain(std::string_view name, std::string& out, int depth) {
  if (depth >= kDeepestExpansion) {
    return fail(Errc::too_long, concat("unreasonable macro call nesting: \"", shown(name), "\""));
  }
  const auto value = lookup_(name);
  if (!value) return fail(value.error());
  if (*value) return text(**value, out, depth + 1);
  if (undefined_.empty()) undefined_ = name;
  return {};
}

Result<void> Expander::braced(std::string_view body, std::string& out, int depth) {
  if (auto fine = charge(body.size()); !fine) return fine;
  auto rest = trim_left(body);
  if (rest.starts_with('{')) return comparison(body, out, depth);
  const auto name = leading_name(rest);
  if (name.empty()) return fail(Errc::invalid, concat("empty macro name: \"", shown(body), "\""));
  rest = trim_left(rest.substr(name.size()));
  if (rest.empty()) return plain(name, out, depth);
  if (rest.front() != '?' && rest.front() != ':') return syntax_error(body);
  const auto value = lookup_(name);
  if (!value) return fail(value.error());
  // The value as it is written decides, not what it expands to.
  return choose(*value && !(*value)->empty(), rest, out, depth);
}

Result<void> Expander::comparison(std::string_view body, std::string& out, int depth) {
  auto rest = body;
  const auto left = take_group(rest);
  const auto op = std::find_if(kOperators.begin(), kOperators.end(),
                               [&](const Operator& one) { return rest.starts_with(one.text); });
  if (!left || op == kOperators.end()) return syntax_error(body);
  rest.remove_prefix(op->text.size());
  const bool levels = rest.starts_with("level");
  if (levels) rest.remove_prefix(5);
  const auto right = take_group(rest);
  if (!right) return syntax_error(body);
  std::string a, b;
  if (auto done = text(*left, a, depth + 1); !done) return done;
  if (auto done = text(*right, b, depth + 1); !done) return done;
  const auto order = levels ? compare_levels(a, b) : Result<int>(compare(a, b));
  if (!order) return fail(order.error());
  const bool holds = *order < 0 ? op->less : *order > 0 ? op->greater : op->equal;
  if (!rest.empty() && rest.front() != '?' && rest.front() != ':') return syntax_error(body);
  if (!rest.empty()) return choose(holds, rest, out, depth);
  if (holds) out += "bool";
  return {};
}

Result<void> Expander::choose(bool condition, std::string_view branches, std::string& out, int depth) {
  const auto parsed = parse_branches(branches);
  if (!parsed) return syntax_error(branches);
  return text(condition ? parsed->if_true : parsed->if_false, out, depth + 1);
}

}  // namespace

Result<std::string> expand(std::string_view text, const Lookup& lookup, Undefined undefined) {
  std::string out;
  Expander expander(lookup);
  if (auto done = expander.text(text, out, 0); !done) return fail(done.error());
  if (undefined == Undefined::fails && !expander.undefined().empty()) {
    return fail(Errc::not_found, concat("undefined name: ", shown(expander.undefined())));
  }
  return out;
}

void each_reference(std::string_view text, const std::function<void(std::string_view)>& use) {
  for (auto at = text.find('$'); at != text.npos; at = text.find('$', at)) {
    auto rest = text.substr(++at);
    if (rest.starts_with('$')) {
      ++at;
      continue;
    }
    if (rest.starts_with('{') || rest.starts_with('(')) rest = trim_left(rest.substr(1));
    const auto name = leading_name(rest);
    if (!name.empty()) use(name);
  }
}

}  // namespace postern::config
