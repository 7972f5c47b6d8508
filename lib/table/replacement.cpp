#include "lib/table/replacement.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::table {

namespace {

// Takes what stands behind a '$': a name, or a name in braces or parentheses.
Result<std::string_view> take_name(std::string_view& rest) {
  const char open = rest.empty() ? '\0' : rest.front();
  if (open == '{' || open == '(') {
    const auto end = rest.find(open == '{' ? '}' : ')');
    if (end == std::string_view::npos) return fail(Errc::invalid, "truncated replacement index");
    const auto name = trim(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    return name;
  }
  std::size_t length = 0;
  while (length < rest.size() && (is_alnum(rest[length]) || rest[length] == '_')) ++length;
  const auto name = rest.substr(0, length);
  rest.remove_prefix(length);
  return name;
}

}  // namespace

Result<Replacement> Replacement::parse(std::string_view text) {
  Replacement replacement;
  Part part;
  while (!text.empty()) {
    const auto dollar = std::min(text.find('$'), text.size());
    part.text += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.empty()) break;
    text.remove_prefix(1);
    if (text.starts_with('$')) {
      part.text += '$';
      text.remove_prefix(1);
      continue;
    }
    const auto name = take_name(text);
    if (!name) return fail(name.error());
    const auto number = parse_number(*name);
    if (!number)
      return fail(Errc::invalid, concat("non-numeric replacement index \"", printable(*name, 50), '"'));
    if (*number < 1) return fail(Errc::invalid, concat("out of range replacement index \"", *number, '"'));
    part.index = static_cast<std::size_t>(*number);
    replacement.highest_ = std::max(replacement.highest_, part.index);
    replacement.parts_.push_back(std::exchange(part, {}));
  }
  if (!part.text.empty()) replacement.parts_.push_back(std::move(part));
  return replacement;
}

std::string Replacement::fill(const Captures& captures) const {
  std::string text;
  for (const auto& part : parts_) {
    text += part.text;
    if (part.index != 0 && part.index < captures.size()) text += captures[part.index];
  }
  return text;
}

}  // namespace postern::table
