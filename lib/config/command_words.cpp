#include "lib/config/command_words.h"

#include "lib/base/text.h"

namespace postern::config {

Result<CommandWords> parse_command_words(const List& operands) {
  constexpr std::string_view kUser = "user=", kCommand = "argv=";
  CommandWords attributes;
  for (std::size_t i = 0; i < operands.size() && attributes.words.empty(); ++i) {
    const std::string& word = operands[i];
    if (word.rfind(kUser, 0) == 0) {
      const std::size_t colon = word.find(':');
      attributes.user = word.substr(kUser.size(), colon == std::string::npos ? colon : colon - kUser.size());
      attributes.group = colon == std::string::npos ? "" : word.substr(colon + 1);
      if (attributes.user.empty() || (colon != std::string::npos && attributes.group.empty())) {
        return fail(Errc::invalid, concat("attribute user= needs USER or USER:GROUP, not \"", word, "\""));
      }
    } else if (word.rfind(kCommand, 0) == 0) {
      attributes.words.push_back(word.substr(kCommand.size()));
      attributes.words.insert(attributes.words.end(), operands.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                              operands.end());
    } else {
      return fail(Errc::invalid, concat("unknown attribute \"", word, "\""));
    }
  }
  if (attributes.user.empty()) return fail(Errc::invalid, "attribute user= is missing");
  if (attributes.words.empty() || attributes.words.front().empty()) {
    return fail(Errc::invalid, "attribute argv= is missing");
  }
  return attributes;
}

}  // namespace postern::config
