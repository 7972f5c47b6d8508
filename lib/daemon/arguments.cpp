#include "lib/daemon/arguments.h"

#include "lib/base/text.h"
#include "lib/config/service.h"
#include "lib/daemon/contract.h"

namespace postern::daemon {

namespace {

// Walks over the words the way getopt does: options may stand together, a value may be joined or be the next
// word, and the first word that is not an option ends them.
class Words {
 public:
  explicit Words(const std::vector<std::string>& words) : words_(words) {}

  // The next option letter, or 0 when the options are over.
  char next_option() {
    if (!cluster_.empty()) return take_letter();
    if (at_ == words_.size() || words_[at_].size() < 2 || words_[at_][0] != '-') return 0;
    cluster_ = std::string_view(words_[at_++]).substr(1);
    if (cluster_ != "-") return take_letter();
    cluster_ = {};
    return 0;
  }
  Result<std::string> value(char option) {
    if (!cluster_.empty()) return std::string(std::exchange(cluster_, {}));
    if (at_ == words_.size()) return fail(Errc::invalid, concat("option -", option, " needs a value"));
    return words_[at_++];
  }
  std::vector<std::string> rest() const {
    return {words_.begin() + static_cast<std::ptrdiff_t>(at_), words_.end()};
  }

 private:
  char take_letter() {
    const char letter = cluster_.front();
    cluster_.remove_prefix(1);
    return letter;
  }
  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  std::string_view cluster_;
};

Result<void> set_listeners(Arguments& arguments, const std::string& text) {
  const auto number = parse_number(text);
  if (!number || *number > kMostListeners) {
    return fail(Errc::invalid, concat("bad number of listening sockets: -s ", text));
  }
  arguments.listeners = static_cast<unsigned>(*number);
  return {};
}

Result<void> add_override(Arguments& arguments, const std::string& text) {
  auto pair = parse_override(text);
  if (!pair) return fail(pair.error());
  arguments.overrides.push_back(std::move(*pair));
  return {};
}

// The options that are a word of their own. False for any other letter.
bool set_flag(Arguments& arguments, char option) {
  switch (option) {
    case 'l': arguments.limit = Arguments::Limit::one; return true;
    case 'z': arguments.limit = Arguments::Limit::none; return true;
    case 'u': arguments.unprivileged = true; return true;
    case 'c': arguments.chroot = true; return true;
    case 'D': arguments.debug = true; return true;
    case 'v': ++arguments.verbose; return true;
    case 'd': return true;
    default: return false;
  }
}

Result<void> set_value(Arguments& arguments, char option, std::string value) {
  switch (option) {
    case 'n': arguments.service = std::move(value); return {};
    case 't': arguments.type = std::move(value); return {};
    case 's': return set_listeners(arguments, value);
    case 'o': return add_override(arguments, value);
    case 'i': arguments.overrides.emplace_back("max_idle", std::move(value)); return {};
    default: arguments.overrides.emplace_back("max_use", std::move(value)); return {};
  }
}

constexpr std::string_view kValued = "ntsoim";

}  // namespace

Result<std::pair<std::string, std::string>> parse_override(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = trim(text.substr(0, equals));
  if (equals == std::string_view::npos || name.empty()) {
    return fail(Errc::invalid, concat("option -o needs name=value, not \"", text, "\""));
  }
  return std::pair(std::string(name), std::string(trim(text.substr(equals + 1))));
}

Result<Arguments> parse_arguments(const std::vector<std::string>& words, std::string_view program) {
  Arguments arguments;
  arguments.service = program;
  Words left(words);
  while (const char option = left.next_option()) {
    if (set_flag(arguments, option)) continue;
    if (kValued.find(option) == std::string_view::npos) {
      return fail(Errc::invalid, concat("unknown option -", option));
    }
    auto value = left.value(option);
    if (!value) return fail(value.error());
    auto set = set_value(arguments, option, std::move(*value));
    if (!set) return fail(set.error());
  }
  if (arguments.type.empty())
    return fail(Errc::invalid, "this program is started by master: option -t is missing");
  if (!config::socket_type(arguments.type))
    return fail(Errc::invalid, concat("unknown type of socket: -t ", arguments.type));
  arguments.rest = left.rest();
  return arguments;
}

std::vector<std::string> format_arguments(const Arguments& arguments, std::string_view program,
                                          std::string_view stress) {
  std::vector<std::string> words;
  if (arguments.limit == Arguments::Limit::one) words.emplace_back("-l");
  if (arguments.limit == Arguments::Limit::none) words.emplace_back("-z");
  if (arguments.service != program) words.insert(words.end(), {"-n", arguments.service});
  words.insert(words.end(), {"-t", arguments.type});
  if (arguments.unprivileged) words.emplace_back("-u");
  if (arguments.chroot) words.emplace_back("-c");
  words.insert(words.end(), arguments.verbose, "-v");
  if (arguments.debug) words.emplace_back("-D");
  words.insert(words.end(), {"-o", concat("stress=", stress)});
  if (arguments.listeners != 1) words.insert(words.end(), {"-s", std::to_string(arguments.listeners)});
  for (const auto& [name, value] : arguments.overrides)
    words.insert(words.end(), {"-o", concat(name, "=", value)});
  return words;
}

}  // namespace postern::daemon
