// The command line: postern [-c DIRECTORY] VERB [options and words].
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace postern::commands {

struct Arguments {
  std::string directory;           // -c, otherwise MAIL_CONFIG, otherwise the standard one
  std::string verb;                // "help" for -h and --help, "version" for --version
  std::vector<std::string> words;  // behind the verb
};

// -c may stand before or behind the verb. Fails with invalid.
Result<Arguments> parse_arguments(const std::vector<std::string>& words);

// The words behind a verb, taken apart option by option.
class Words {
 public:
  explicit Words(std::vector<std::string> words) : words_(std::move(words)) {}
  // True when the option is there; it is then taken away.
  bool flag(std::string_view option);
  // The values of "OPTION VALUE" or "OPTION=VALUE", in order; taken away. Fails with invalid without a value.
  Result<std::vector<std::string>> values(std::string_view option);
  // The last of them.
  Result<std::optional<std::string>> value(std::string_view option);
  // What is left, whatever it is.
  const std::vector<std::string>& all() const { return words_; }
  // What is left. Fails with invalid on an option that nobody took, and on more than `most` words.
  Result<std::vector<std::string>> rest(std::size_t most);

 private:
  std::vector<std::string> words_;
};

}  // namespace postern::commands
