#include "lib/config/words.h"

#include <array>

#include "lib/base/text.h"
#include "lib/config/lines.h"

namespace postern::config {

namespace {

// Which characters separate words: asked for every character of every line.
class Separators {
 public:
  explicit Separators(std::string_view characters) {
    for (const char c : characters) is_one_[static_cast<unsigned char>(c)] = true;
  }
  bool has(char c) const { return is_one_[static_cast<unsigned char>(c)]; }

 private:
  std::array<bool, 256> is_one_{};
};

}  // namespace

std::size_t behind_group(std::string_view text, char open, char close) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == open) ++depth;
    if (text[i] == close && --depth == 0) return i + 1;
  }
  return std::string_view::npos;
}

Result<List> split_braced(std::string_view text, std::string_view separators) {
  const auto words = braced_words(text, separators);
  if (!words) return fail(words.error());
  return List(words->begin(), words->end());
}

Result<std::vector<std::string_view>> braced_words(std::string_view text, std::string_view separators) {
  const Separators blanks(separators);
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    if (blanks.has(text[at])) {
      ++at;
      continue;
    }
    auto end = at;
    while (end < text.size() && !blanks.has(text[end])) {
      if (text[end] != '{') {
        ++end;
        continue;
      }
      const auto length = behind_group(text.substr(end));
      if (length == text.npos) return fail(Errc::invalid, concat("missing '}' in \"", shown(text), "\""));
      end += length;
    }
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

Result<std::string> without_braces(std::string_view word) {
  if (!word.starts_with('{')) return std::string(word);
  const auto end = behind_group(word);
  if (end == word.npos) return fail(Errc::invalid, concat("missing '}' in \"", shown(word), "\""));
  if (end != word.size())
    return fail(Errc::invalid, concat("syntax error after '}' in \"", shown(word), "\""));
  return std::string(trim(word.substr(1, end - 2)));
}

}  // namespace postern::config
