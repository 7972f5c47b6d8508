#include "lib/queue/condition_term.h"

#include <algorithm>
#include <optional>

#include "lib/base/text.h"
#include "lib/mail/queue_id.h"
#include "lib/queue/value.h"

namespace postern::queue {

namespace {

std::string column_of(const Field& field, std::int64_t now) {
  const std::string column(field.sql);
  if (field.kind == FieldKind::domain) {
    // SQL has no search from the end: what is no "@" is cut off there, and what is left out of the front.
    return concat("CASE WHEN instr(", column, ",'@') THEN substr(", column, ",length(rtrim(", column,
                  ",replace(", column, ",'@','')))+1) ELSE '' END");
  }
  std::string text = column;
  for (auto at = text.find("NOW"); at != text.npos; at = text.find("NOW"))
    text.replace(at, 3, std::to_string(now));
  return text;
}

bool is_text(FieldKind kind) {
  return kind == FieldKind::text || kind == FieldKind::address || kind == FieldKind::domain ||
         kind == FieldKind::brackets;
}

std::string_view sign_of(Operation operation) {
  switch (operation) {
    case Operation::less: return " < ";
    case Operation::at_most: return " <= ";
    case Operation::more: return " > ";
    case Operation::at_least: return " >= ";
    default: return " = ";
  }
}

std::string text_value(FieldKind kind, std::string value) {
  if (kind == FieldKind::address && (value == "<>" || iequals(value, "MAILER-DAEMON"))) return {};
  if (kind == FieldKind::address && value.size() > 2 && value.front() == '<' && value.back() == '>') {
    return value.substr(1, value.size() - 2);
  }
  if (kind == FieldKind::brackets && value.starts_with('<')) value.erase(0, 1);
  if (kind == FieldKind::brackets && value.ends_with('>')) value.pop_back();
  return value;
}

Piece text_term(FieldKind kind, const std::string& column, Operation operation,
                const std::vector<std::string>& values) {
  Piece piece;
  for (const std::string& value : values) piece.values.emplace_back(text_value(kind, value));
  std::string& first = std::get<std::string>(piece.values.front());
  switch (operation) {
    case Operation::like: piece.sql = concat("(", column, ") LIKE ? ESCAPE '\\'"); break;
    case Operation::glob:
      piece.sql = concat("lower(", column, ") GLOB ?");
      first = lower(first);
      break;
    case Operation::contains:
      piece.sql = concat("instr(lower(", column, "), ?) > 0");
      first = lower(first);
      break;
    case Operation::in: piece.sql = concat("(", column, ") COLLATE NOCASE IN (?"); break;
    default: piece.sql = concat("(", column, ")", sign_of(operation), "? COLLATE NOCASE"); break;
  }
  if (operation != Operation::in) return piece;
  for (std::size_t i = 1; i < values.size(); ++i) piece.sql += ",?";
  piece.sql += ")";
  return piece;
}

Result<std::int64_t> word_value(const Field& field, const std::string& value) {
  const auto words = split_words(field.words);
  const auto found =
      std::find_if(words.begin(), words.end(), [&](std::string_view word) { return iequals(word, value); });
  if (found != words.end()) return found - words.begin();
  return fail(Errc::invalid, concat(field.name, " is one of ", field.words));
}

// What a value may be: for the error.
std::string_view form_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::size: return "a size such as 10k or 1M";
    case FieldKind::duration: return "a time such as 90s, 1h30m or 2d";
    case FieldKind::date: return "a date such as 2026-11-23, 2026-11-23T04:05 or today";
    case FieldKind::id: return "a queue id";
    default: return "a number";
  }
}

// The numbers that a value means: from the first up to, and without, the second.
Result<Span> span_of(const Field& field, const std::string& value, std::int64_t now) {
  std::optional<std::int64_t> number;
  std::int64_t width = 1;
  switch (field.kind) {
    case FieldKind::word: {
      const auto word = word_value(field, value);
      if (!word) return fail(word.error());
      number = *word;
      break;
    }
    case FieldKind::date: {
      const auto span = parse_date(value, now);
      if (span) return *span;
      break;
    }
    case FieldKind::id:
      if (const auto id = mail::parse_queue_id(value)) number = id->number();
      break;
    case FieldKind::size: number = parse_size(value); break;
    case FieldKind::duration: number = parse_duration(value); break;
    default: number = parse_number(value); break;
  }
  if (!number) return fail(Errc::invalid, concat(field.name, " is compared with ", form_of(field.kind)));
  // Nobody means a microsecond.
  if (field.kind == FieldKind::duration) width = 1'000'000;
  return Span{*number, *number > INT64_MAX - width ? INT64_MAX : *number + width};
}

std::string compared(const std::string& column, Operation operation, const Field& field, const Span& span,
                     std::vector<Bound>& values) {
  // A duration has a width only where it is to be equal.
  const bool is_exact = field.kind == FieldKind::duration || span.end - span.begin <= 1;
  const std::int64_t last = is_exact ? span.begin : span.end - 1;
  switch (operation) {
    case Operation::less:
    case Operation::at_least: values.emplace_back(span.begin); break;
    case Operation::more:
    case Operation::at_most: values.emplace_back(last); break;
    default:
      values.emplace_back(span.begin);
      values.emplace_back(span.end - 1);
      return concat(column, " BETWEEN ? AND ?");
  }
  return concat(column, sign_of(operation), "?");
}

Result<Piece> number_term(const Field& field, const std::string& column, Operation operation,
                          const std::vector<std::string>& values, std::int64_t now) {
  const bool is_word = field.kind == FieldKind::word;
  const bool is_order = operation >= Operation::less && operation <= Operation::at_least;
  if ((is_word && is_order) || (operation > Operation::at_least && operation != Operation::in)) {
    return fail(Errc::invalid, concat(field.name, is_word ? " is compared with = != and in"
                                                          : " is compared with = != < <= > >= and in"));
  }
  Piece piece;
  for (const std::string& value : values) {
    const auto span = span_of(field, value, now);
    if (!span) return fail(span.error());
    if (!piece.sql.empty()) piece.sql += " OR ";
    piece.sql += compared(column, operation, field, *span, piece.values);
  }
  // Without a value there is nothing that it is less or more than.
  piece.sql = field.may_be_null ? concat("coalesce(", piece.sql, ", 0)") : concat("(", piece.sql, ")");
  return piece;
}

}  // namespace

Result<Piece> term_on(const Field& field, Operation operation, const std::vector<std::string>& values,
                      std::int64_t now) {
  const std::string column = column_of(field, now);
  Result<Piece> piece = is_text(field.kind) ? Result<Piece>(text_term(field.kind, column, operation, values))
                                            : number_term(field, column, operation, values, now);
  if (piece && field.of_recipient) piece->recipient_fields = std::uint64_t{1} << number_of(field);
  return piece;
}

}  // namespace postern::queue
