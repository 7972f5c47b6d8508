#include "lib/table/query_template.h"

#include "lib/base/text.h"

namespace postern::table {

namespace {

constexpr std::string_view kLetters = "%sudSUD123456789";

std::optional<std::string_view> user_of(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == 0) return std::nullopt;
  return text.substr(0, at);
}

std::optional<std::string_view> domain_of(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at + 1 == text.size()) return std::nullopt;
  return text.substr(at + 1);
}

// The n-th label of the domain from the right, from 1; none of those up to it may be empty.
std::optional<std::string_view> label_of(std::string_view text, std::size_t number) {
  const auto domain = domain_of(text);
  if (!domain) return std::nullopt;
  const auto labels = split_fields(*domain, '.');
  if (labels.size() < number) return std::nullopt;
  for (std::size_t i = 1; i <= number; ++i) {
    if (labels[labels.size() - i].empty()) return std::nullopt;
  }
  return labels[labels.size() - number];
}

std::optional<std::string_view> part_of(char letter, std::string_view value, std::string_view key) {
  switch (letter) {
    case 's': return value;
    case 'u': return user_of(value);
    case 'd': return domain_of(value);
    case 'S': return key;
    case 'U': return user_of(key);
    case 'D': return domain_of(key);
    default: return label_of(key, static_cast<std::size_t>(letter - '0'));
  }
}

}  // namespace

Result<QueryTemplate> QueryTemplate::parse(std::string text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') continue;
    if (++at == text.size() || kLetters.find(text[at]) == std::string_view::npos) {
      return fail(Errc::invalid, concat("invalid template: \"", printable(text, 200), '"'));
    }
  }
  QueryTemplate made;
  made.text_ = std::move(text);
  return made;
}

std::optional<std::string> QueryTemplate::fill(std::string_view value, std::string_view key,
                                               const Quote& quote) const {
  if (value.empty()) return std::nullopt;
  std::string filled;
  for (std::size_t at = 0; at < text_.size(); ++at) {
    if (text_[at] != '%') {
      filled += text_[at];
    } else if (text_[++at] == '%') {
      filled += '%';
    } else {
      const auto part = part_of(text_[at], value, key);
      if (!part) return std::nullopt;
      filled += quote(*part);
    }
  }
  return filled;
}

}  // namespace postern::table
