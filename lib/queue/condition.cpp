#include "lib/queue/condition.h"

#include <algorithm>
#include <optional>

#include "lib/base/text.h"
#include "lib/queue/condition_term.h"
#include "lib/queue/fields.h"

namespace postern::queue {

namespace {

// Whether the recipient's fields of two pieces may be asked of one recipient: not of two addresses at once.
bool is_apart(const Piece& a, const Piece& b) { return (a.recipient_fields & b.recipient_fields) == 0; }

// The piece as one on the message: some recipient fits.
Piece of_message(Piece piece) {
  if (piece.recipient_fields == 0) return piece;
  piece.sql = concat("EXISTS (SELECT 1 FROM recipient r WHERE r.message = m.id AND ", kWaiting, " AND ",
                     piece.sql, ")");
  piece.recipient_fields = 0;
  return piece;
}

void join(Piece& to, Piece next, std::string_view word) {
  to.sql += concat(word, next.sql);
  to.recipient_fields |= next.recipient_fields;
  to.values.insert(to.values.end(), std::make_move_iterator(next.values.begin()),
                   std::make_move_iterator(next.values.end()));
}

Piece joined(std::vector<Piece> pieces, std::string_view word) {
  if (pieces.size() == 1) return std::move(pieces.front());
  Piece all = std::move(pieces.front());
  for (std::size_t i = 1; i < pieces.size(); ++i) join(all, std::move(pieces[i]), word);
  all.sql = concat("(", all.sql, ")");
  return all;
}

Piece all_of(std::vector<Piece> pieces) {
  const bool several = pieces.size() > 1;
  std::vector<Piece> groups;
  for (Piece& piece : pieces) {
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const Piece& group) {
      return group.recipient_fields != 0 && piece.recipient_fields != 0 && is_apart(group, piece);
    });
    if (same == groups.end()) {
      groups.push_back(std::move(piece));
    } else {
      join(*same, std::move(piece), " AND ");
    }
  }
  if (groups.size() == 1) {
    if (several) groups.front().sql = concat("(", groups.front().sql, ")");
    return std::move(groups.front());
  }
  for (Piece& group : groups) group = of_message(std::move(group));
  return joined(std::move(groups), " AND ");
}

Piece any_of(std::vector<Piece> pieces) {
  const bool all = std::all_of(pieces.begin(), pieces.end(),
                               [](const Piece& piece) { return piece.recipient_fields != 0; });
  for (Piece& piece : pieces) {
    if (!all) piece = of_message(std::move(piece));
  }
  return joined(std::move(pieces), " OR ");
}

Piece none_of(Piece piece) {
  piece = of_message(std::move(piece));
  piece.sql = concat("NOT (", piece.sql, ")");
  return piece;
}

}  // namespace

class ConditionParser {
 public:
  ConditionParser(std::string_view text, std::int64_t now) : text_(text), rest_(text), now_(now) {}

  Result<Piece> whole() {
    auto piece = alternatives(0);
    if (!piece) return piece;
    if (!rest_.empty()) return bad("expected \"and\", \"or\" or the end", rest_);
    return of_message(std::move(*piece));
  }

 private:
  Failure bad(std::string_view why, std::string_view at) const {
    const std::string place =
        trim(at).empty() ? std::string("the end of") : concat("\"", printable(at, 60), "\" in");
    return fail(Errc::invalid, concat(why, " at ", place, " \"", printable(text_, 200), "\""));
  }

  void skip_blanks() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }

  bool take(std::string_view sign) {
    skip_blanks();
    if (!rest_.starts_with(sign)) return false;
    rest_.remove_prefix(sign.size());
    skip_blanks();
    return true;
  }

  // Takes the word if it comes next as a word.
  bool take_word(std::string_view word) {
    skip_blanks();
    if (!istarts_with(rest_, word)) return false;
    const auto behind = rest_.substr(word.size());
    if (!behind.empty() && std::string_view(" \t\r\n\v\f(\"'").find(behind.front()) == behind.npos)
      return false;
    rest_ = behind;
    skip_blanks();
    return true;
  }

  Result<Piece> alternatives(int depth) {
    std::vector<Piece> pieces;
    do {
      auto piece = conjunction(depth);
      if (!piece) return piece;
      pieces.push_back(std::move(*piece));
    } while (take_word("or"));
    return any_of(std::move(pieces));
  }

  Result<Piece> conjunction(int depth) {
    std::vector<Piece> pieces;
    do {
      auto piece = single(depth + 1);
      if (!piece) return piece;
      pieces.push_back(std::move(*piece));
    } while (take_word("and"));
    return all_of(std::move(pieces));
  }

  Result<Piece> single(int depth) {
    if (depth > kDeepestCondition) return fail(Errc::too_long, "the condition has too many parentheses");
    if (take_word("not")) {
      auto inner = single(depth + 1);
      if (!inner) return inner;
      return none_of(std::move(*inner));
    }
    if (!take("(")) return term();
    auto inner = alternatives(depth);
    if (inner && !take(")")) return bad("missing \")\"", rest_);
    return inner;
  }

  Result<Piece> term() {
    skip_blanks();
    const auto place = rest_;
    const auto end = std::min(rest_.find_first_of("=!<>~(), \t\r\n\v\f\"'"), rest_.size());
    const auto name = rest_.substr(0, end);
    if (name.empty()) return bad("expected FIELD OPERATOR VALUE", place);
    const Field* field = find_field(name);
    if (field == nullptr) {
      return bad(concat("no field is called \"", printable(name, 60), "\"", likely_field(name)), place);
    }
    rest_.remove_prefix(end);
    const auto operation = take_operation();
    if (!operation) return bad(concat("expected an operator (", kOperators, ") behind ", name), rest_);
    auto values = take_values(*operation);
    if (!values) return fail(values.error());
    auto piece = term_on(*field, *operation, *values, now_);
    if (!piece) return bad(piece.error().text, place);
    if (!negated_) return piece;
    return none_of(std::move(*piece));
  }

  std::optional<Operation> take_operation() {
    negated_ = take_word("not");
    for (const auto& [word, operation] : kWordOperations) {
      if (take_word(word)) return operation;
    }
    if (negated_) return std::nullopt;
    for (const auto& [sign, operation] : kSignOperations) {
      if (!take(sign)) continue;
      negated_ = sign.front() == '!';
      return operation;
    }
    return std::nullopt;
  }

  Result<std::vector<std::string>> take_values(Operation operation) {
    std::vector<std::string> values;
    const bool is_list = operation == Operation::in;
    if (is_list && !take("(")) return bad("expected \"(\" behind in", rest_);
    do {
      auto value = take_value();
      if (!value) return fail(value.error());
      if (++terms_ > kMostTerms) return fail(Errc::too_long, "the condition has too many terms");
      values.push_back(std::move(*value));
    } while (is_list && take(","));
    if (is_list && !take(")")) return bad("missing \")\"", rest_);
    return values;
  }

  Result<std::string> take_value() {
    skip_blanks();
    const auto place = rest_;
    const bool is_quoted = rest_.starts_with('"') || rest_.starts_with('\'');
    const auto end = is_quoted ? rest_.find(rest_.front(), 1)
                               : std::min(rest_.find_first_of("(), \t\r\n\v\f\"'"), rest_.size());
    if (end == rest_.npos) return bad("missing quote", place);
    if (end == 0) return bad("expected a value", place);
    std::string value(is_quoted ? rest_.substr(1, end - 1) : rest_.substr(0, end));
    rest_.remove_prefix(end + (is_quoted ? 1 : 0));
    if (value.find('\0') != value.npos) return bad("a value holds no NUL", place);
    skip_blanks();
    return value;
  }

  std::string_view text_, rest_;
  std::int64_t now_;
  bool negated_ = false;
  std::size_t terms_ = 0;
};

Result<Condition> Condition::parse(std::string_view text, std::int64_t now) {
  if (text.size() > kLongestCondition) return fail(Errc::too_long, "the condition is too long");
  Condition condition;
  if (trim(text).empty()) return condition;
  auto piece = ConditionParser(text, now).whole();
  if (!piece) return fail(piece.error());
  condition.sql_ = std::move(piece->sql);
  condition.values_ = std::move(piece->values);
  return condition;
}

}  // namespace postern::queue
