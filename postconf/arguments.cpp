#include "postconf/arguments.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/config/main_cf.h"
#include "lib/config/standards.h"

namespace postern::postconf {

namespace {

constexpr std::string_view kUsage =
    "usage: postconf [-c dir] [-dnefhHqvxX#] [-C class,...] [-o name=value] [name... | name=value...]; "
    "-M, -F, -P: the same for master.cf; -m, -l, -a, -A, -T fact: what is supported";

// In the order in which messages name them.
constexpr std::string_view kLetters = "aAbcCdefFhHlmMnopPqtTvxX#";
constexpr std::string_view kWithValue = "cCoT";
constexpr std::string_view kModes = "aAbFlmMpPtT";

// Of each group at most one may be given.
constexpr std::string_view kExclusive[] = {kModes, "eX#",  "dneX#", "do",   "eX#f",
                                           "eX#x", "eX#o", "eX#h",  "eX#H", "hH"};

// What else a mode does not go with.
struct Refusal {
  char mode;
  std::string_view letters;
};
constexpr std::string_view kOnlyLists = "CdefhHnoxX#";
constexpr Refusal kRefusals[] = {{'M', "dhHn"},     {'F', "dnX#"},     {'P', "dn#"},      {'a', kOnlyLists},
                                 {'A', kOnlyLists}, {'b', kOnlyLists}, {'l', kOnlyLists}, {'m', kOnlyLists},
                                 {'t', kOnlyLists}, {'T', kOnlyLists}};

Failure invalid(std::string text) { return fail(Errc::invalid, std::move(text)); }

class Parser {
 public:
  explicit Parser(const std::vector<std::string>& arguments) : arguments_(arguments) {}
  Result<Request> run(const char* mail_config);

 private:
  bool given(char letter) const { return letters_.find(letter) != std::string::npos; }
  // Those of the letters that were given, in the order of kLetters: " -e -X".
  std::string given_of(std::string_view letters) const;
  Result<void> read_options();
  Result<void> take(char letter, const std::string& value);
  Result<void> take_classes(const std::string& value);
  Result<void> check() const;
  Result<void> check_words() const;
  void fill();

  const std::vector<std::string>& arguments_;
  std::string letters_;
  Request request_;
};

std::string Parser::given_of(std::string_view letters) const {
  std::string text;
  for (const char letter : kLetters) {
    if (given(letter) && letters.find(letter) != letters.npos) text += concat(" -", letter);
  }
  return text;
}

// Options end at the first word that is none, as POSIX says.
Result<void> Parser::read_options() {
  std::size_t at = 0;
  for (; at < arguments_.size(); ++at) {
    const std::string_view word = arguments_[at];
    if (word == "--") {
      ++at;
      break;
    }
    if (word.size() < 2 || word.front() != '-') break;
    for (std::size_t i = 1; i < word.size(); ++i) {
      const char letter = word[i];
      if (kLetters.find(letter) == kLetters.npos)
        return invalid(concat("invalid option -", letter, "; ", kUsage));
      std::string value;
      if (kWithValue.find(letter) != kWithValue.npos) {
        const bool attached = i + 1 < word.size();
        if (!attached && at + 1 == arguments_.size()) {
          return invalid(concat("option -", letter, " requires an argument; ", kUsage));
        }
        value = attached ? std::string(word.substr(i + 1)) : arguments_[++at];
        i = word.size();
      }
      if (auto taken = take(letter, value); !taken) return taken;
    }
  }
  request_.words.assign(arguments_.begin() + static_cast<std::ptrdiff_t>(at), arguments_.end());
  return {};
}

Result<void> Parser::take(char letter, const std::string& value) {
  letters_ += letter;
  if (letter == 'c') {
    request_.directory = value;
    request_.directory_named = true;
  }
  if (letter == 'T') request_.tls_fact = value;
  if (letter == 'C') return take_classes(value);
  if (letter != 'o') return {};
  auto setting = config::split_setting(value);
  if (!setting) {
    return invalid(concat("invalid parameter override: ", value, ": ",
                          setting.error().text.substr(0, setting.error().text.rfind(": \""))));
  }
  request_.overrides.push_back(std::move(*setting));
  return {};
}

Result<void> Parser::take_classes(const std::string& value) {
  request_.builtin = request_.service = request_.user = false;
  for (const auto word : split_words(value)) {
    const bool all = iequals(word, "all");
    if (!all && !iequals(word, "builtin") && !iequals(word, "service") && !iequals(word, "user")) {
      return invalid(concat("unknown -C option value \"", word, "\" in \"", value, "\""));
    }
    request_.builtin |= all || iequals(word, "builtin");
    request_.service |= all || iequals(word, "service");
    request_.user |= all || iequals(word, "user");
  }
  return {};
}

Result<void> Parser::check() const {
  for (const auto group : kExclusive) {
    const auto found = given_of(group);
    if (std::count(found.begin(), found.end(), '-') > 1) return invalid(concat("specify one of", found));
  }
  for (const auto& [mode, letters] : kRefusals) {
    if (!given(mode)) continue;
    const auto found = given_of(letters);
    if (!found.empty()) return invalid(concat("with option -", mode, ", do not specify", found));
  }
  if (given('b') || given('t'))
    return invalid("this version has no bounce templates: -b and -t are not there");
  return check_words();
}

Result<void> Parser::check_words() const {
  if (!request_.words.empty()) return {};
  if (given('e')) return invalid("-e requires name=value argument");
  if (given('X') || given('#')) return invalid("missing service argument");
  return {};
}

void Parser::fill() {
  constexpr std::pair<char, Space> kSpaces[] = {
      {'M', Space::services}, {'F', Space::fields},       {'P', Space::overrides},    {'m', Space::maps},
      {'l', Space::locks},    {'a', Space::sasl_servers}, {'A', Space::sasl_clients}, {'T', Space::tls}};
  for (const auto& [letter, space] : kSpaces) {
    if (given(letter)) request_.space = space;
  }
  if (given('e')) request_.verb = Verb::edit;
  if (given('X')) request_.verb = Verb::remove;
  if (given('#')) request_.verb = Verb::comment_out;
  request_.defaults = given('d');
  request_.set_only = given('n');
  request_.names_only = given('H');
  request_.values_only = given('h');
  request_.fold = given('f');
  request_.expand = given('x');
  request_.quiet = given('q');
}

Result<Request> Parser::run(const char* mail_config) {
  request_.directory = std::string(config::standard_value("config_directory").value_or("/etc/postern"));
  if (mail_config != nullptr && *mail_config != '\0') {
    request_.directory = mail_config;
    request_.directory_named = true;
  }
  if (auto read = read_options(); !read) return fail(read.error());
  // name=value says that it is an edit.
  const bool is_setting = !request_.words.empty() && request_.words[0].find('=') != std::string::npos;
  if (is_setting && given_of("aAblmtT").empty()) letters_ += 'e';
  if (auto fine = check(); !fine) return fail(fine.error());
  fill();
  return std::move(request_);
}

}  // namespace

Result<Request> parse_arguments(const std::vector<std::string>& arguments, const char* mail_config) {
  return Parser(arguments).run(mail_config);
}

}  // namespace postern::postconf
