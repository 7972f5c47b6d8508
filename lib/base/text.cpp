#include "lib/base/text.h"

#include <algorithm>
#include <charconv>

namespace postern {

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_upper);
  return out;
}

bool iequals(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

bool istarts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

std::vector<std::string_view> split_words(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(separators, at)) != std::string_view::npos) {
    const auto end = std::min(text.find_first_of(separators, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::vector<std::string_view> split_fields(std::string_view text, char separator) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto end = text.find(separator);
    fields.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return fields;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
    };
    const unsigned first = byte(i);
    if (first < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xC0) != 0x80) return false;
    }
    const unsigned second = byte(i + 1);
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
        (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) {
      return false;
    }
    i += length;
  }
  return true;
}

namespace {

// The first `limit` bytes, without the first part of a UTF-8 character that the cut has split.
std::string_view cut(std::string_view text, std::size_t limit, bool utf8) {
  if (text.size() <= limit) return text;
  while (utf8 && limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return text.substr(0, limit);
}

// The letter that stands for a control character behind a backslash; NUL when there is none.
char letter_of(char c) {
  constexpr std::string_view kLetters = "abtnvfr";  // from BEL to CR
  if (c == '\\') return c;
  return c >= '\a' && c <= '\r' ? kLetters[static_cast<std::size_t>(c - '\a')] : '\0';
}

int octal_at(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '7' ? text[at] - '0' : -1;
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
  const bool utf8 = is_utf8(text);
  std::string out(cut(text, limit, utf8));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto byte = static_cast<unsigned char>(out[i]);
    if (byte < 32 || byte == 127 || (byte > 127 && !utf8)) {
      out[i] = '?';
    } else if (byte == 0xC2 && static_cast<unsigned char>(out[i + 1]) < 0xA0) {
      out[i] = out[i + 1] = '?';  // U+0080 to U+009F: a terminal obeys them as it does escape sequences
    }
  }
  return out;
}

std::string escaped(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 32 && byte < 127 && c != '\\') {
      out += c;
      continue;
    }
    out += '\\';
    if (const char letter = letter_of(c)) {
      out += letter;
    } else {
      for (const int shift : {6, 3, 0}) out += static_cast<char>('0' + ((byte >> shift) & 7));
    }
  }
  return out;
}

std::string unescaped(std::string_view text) {
  constexpr std::string_view kNames = "nrtabfv", kBytes = "\n\r\t\a\b\f\v";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    ++i;
    if (octal_at(text, i) >= 0) {
      int byte = 0;
      std::size_t digits = 0;
      for (; digits < 3 && octal_at(text, i + digits) >= 0; ++digits)
        byte = byte * 8 + octal_at(text, i + digits);
      out += static_cast<char>(byte);
      i += digits - 1;
      continue;
    }
    const auto named = kNames.find(text[i]);
    out += named == kNames.npos ? text[i] : kBytes[named];
  }
  return out;
}

}  // namespace postern
