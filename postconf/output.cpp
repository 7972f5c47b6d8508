#include "postconf/output.h"

#include "lib/base/json.h"
#include "lib/base/text.h"

namespace postern::postconf {

namespace {

constexpr std::size_t kWidth = 80;
constexpr std::string_view kIndent = "    ";

// Most values are: words with one blank between them.
bool is_in_words(std::string_view text) {
  char before = ' ';
  for (const char c : text) {
    if (c == '\t' || c == '\r' || c == '\n' || (c == ' ' && before == ' ')) return false;
    before = c;
  }
  return before != ' ';
}

// The words with one blank between them, or a new line where the next word would be too long.
std::string in_words(std::string text, bool fold) {
  if (is_in_words(text) && (!fold || text.size() <= kWidth)) return text;
  std::string out;
  std::size_t width = 0;
  for (const auto word : split_words(text, " \t\r\n")) {
    if (fold && width > 0 && width + 1 + word.size() > kWidth) {
      out += concat("\n", kIndent);
      width = kIndent.size();
    } else if (!out.empty()) {
      out += ' ';
      ++width;
    }
    out += word;
    width += word.size();
  }
  return out;
}

// {"name": "value"}, as Postfix 3.11 has it; with more to say about it an object of several members.
std::string json_line(const Request& request, const Origin& origin, std::string_view name,
                      std::string_view value) {
  JsonObject object;
  if (!request.origin) return object.add(name, value).text();
  object.add("name", name).add("value", value).add("origin", origin.kind);
  if (origin.line > 0) {
    object.add("file", origin.path).add_number("line", static_cast<std::int64_t>(origin.line));
  }
  return object.text();
}

}  // namespace

void Output::line(std::string_view text) {
  out += text;
  out += '\n';
}

void Output::warn(std::string_view text) { err += concat("postconf: warning: ", printable(text), "\n"); }

void Output::remark(std::string_view text) {
  if (!quiet) warn(text);
}

std::string origin_text(const Request& request, const Origin& origin) {
  if (!request.origin) return {};
  return origin.line == 0 ? concat(origin.kind, ": ") : concat(origin.path, ", line ", origin.line, ": ");
}

std::string setting_line(const Request& request, const Origin& origin, std::string_view name,
                         std::string_view value) {
  if (request.json) return json_line(request, origin, name, value);
  const auto start = origin_text(request, origin);
  if (request.names_only) return concat(start, name);
  if (request.values_only) return in_words(concat(start, value), request.fold);
  return in_words(concat(start, name, " = ", value), request.fold);
}

Failure cannot_expand(const Error& error, Output& output) {
  output.warn(error.text);
  return fail(error.kind, "macro processing error");
}

}  // namespace postern::postconf
