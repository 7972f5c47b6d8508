#include "postconf/arguments.h"

#include <algorithm>
#include <optional>

#include "lib/base/text.h"
#include "lib/config/main_cf.h"
#include "lib/config/standards.h"
#include "postconf/options.h"

namespace postern::postconf {

namespace {

constexpr std::string_view kUsage =
    "usage: postconf [-c dir] [-dnefhHjqvxX#] [-C class,...] [-o name=value] [name... | name=value...]; "
    "-M, -F, -P, -O: the same for master.cf; -m, -l, -a, -A, -T fact: what is supported; --help: more";

// Of each group at most one may be given.
constexpr std::string_view kExclusive[] = {kModes, "eX#",  "dneX#", "eX#f", "eX#x", "eX#j", "eX#o",
                                           "eX#h", "eX#H", "hH",    "fj",   "hj",   "Hj"};

// What else a mode does not go with.
struct Refusal {
  char mode;
  std::string_view letters;
};
constexpr std::string_view kOnlyLists = "CdefhHjnoxX#";
constexpr Refusal kRefusals[] = {{'M', "dhHn"},     {'F', "dn"},       {'P', "dn"},       {'O', "dn"},
                                 {'a', kOnlyLists}, {'A', kOnlyLists}, {'b', kOnlyLists}, {'l', kOnlyLists},
                                 {'m', kOnlyLists}, {'t', kOnlyLists}, {'T', kOnlyLists}};

Failure invalid(std::string text) { return fail(Errc::invalid, std::move(text)); }

// A part of the command line with a name space and a verb of its own.
struct Part {
  std::string letters;
  std::optional<Verb> verb;  // of a long option
  config::List words;

  bool has(char letter) const { return letters.find(letter) != letters.npos; }
  bool has_any(std::string_view some) const { return letters.find_first_of(some) != letters.npos; }
  // Those of the letters that were given, in the order of kLetters: " -e -X".
  std::string given_of(std::string_view some) const {
    std::string text;
    for (const char letter : kLetters) {
      if (has(letter) && some.find(letter) != some.npos) text += concat(" -", letter);
    }
    return text;
  }
  bool is_edit() const {
    return verb || has_any("eX#") || (!words.empty() && words[0].find('=') != std::string::npos);
  }
};

class Parser {
 public:
  explicit Parser(const std::vector<std::string>& arguments) : arguments_(arguments) {}
  Result<Request> run(const char* mail_config);

 private:
  Part& part() { return parts_.back(); }
  bool begins_option(std::string_view word) const;
  Result<void> read();
  Result<void> read_letters(std::string_view word);
  Result<void> read_long(std::string_view word);
  Result<std::string> value_of(std::string_view option, std::optional<std::string_view> attached);
  Result<void> take(char letter, const std::string& value);
  Result<void> take_long(std::string_view name, const std::string& value);
  Result<void> take_task(Task task);
  void take_verb(Verb verb);
  Result<void> take_classes(const std::string& value);
  Result<void> check(const Part& part) const;
  Result<void> check_words(const Part& part) const;
  Result<void> check_all() const;
  Result<Step> step_of(const Part& part) const;
  Result<void> fill();
  Result<void> read_number();

  const std::vector<std::string>& arguments_;
  std::size_t at_ = 0;
  std::vector<Part> parts_{1};
  Request request_;
};

// As POSIX says, the options of a query end at the first word that is none. Those of an edit may begin anew behind its
// words, with another verb; and no name begins with two hyphens.
bool Parser::begins_option(std::string_view word) const {
  if (word.size() < 2 || word.front() != '-') return false;
  if (word.starts_with("--") || parts_.back().words.empty()) return true;
  return parts_.back().is_edit();
}

Result<void> Parser::read() {
  for (; at_ < arguments_.size(); ++at_) {
    const std::string_view word = arguments_[at_];
    if (word == "--") {
      part().words.insert(part().words.end(), arguments_.begin() + static_cast<std::ptrdiff_t>(at_ + 1),
                          arguments_.end());
      return {};
    }
    if (!begins_option(word)) {
      part().words.emplace_back(word);
      continue;
    }
    auto taken = word.starts_with("--") ? read_long(word) : read_letters(word);
    if (!taken) return taken;
  }
  return {};
}

Result<std::string> Parser::value_of(std::string_view option, std::optional<std::string_view> attached) {
  if (attached) return std::string(*attached);
  if (at_ + 1 < arguments_.size()) return arguments_[++at_];
  return invalid(concat("option ", option, " requires an argument; ", kUsage));
}

Result<void> Parser::read_letters(std::string_view word) {
  if (!part().words.empty() && word.find_first_of("FMOpPeX#") != word.npos) parts_.emplace_back();
  for (std::size_t i = 1; i < word.size(); ++i) {
    const char letter = word[i];
    if (kLetters.find(letter) == kLetters.npos)
      return invalid(concat("invalid option -", letter, "; ", kUsage));
    std::string value;
    if (kWithValue.find(letter) != kWithValue.npos) {
      const bool attached = i + 1 < word.size();
      auto found = value_of(concat("-", letter),
                            attached ? std::optional(word.substr(i + 1)) : std::optional<std::string_view>());
      if (!found) return fail(found.error());
      value = std::move(*found);
      i = word.size();
    }
    if (auto taken = take(letter, value); !taken) return taken;
  }
  return {};
}

Result<void> Parser::take(char letter, const std::string& value) {
  if (letter == 'P' && part().has('P')) request_.effective = true;
  part().letters += letter;
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

Result<void> Parser::read_long(std::string_view word) {
  const auto equals = std::min(word.find('='), word.size());
  const auto name = word.substr(2, equals - 2);
  const auto attached =
      equals < word.size() ? std::optional(word.substr(equals + 1)) : std::optional<std::string_view>();
  const auto* known = std::find_if(std::begin(kLongOptions), std::end(kLongOptions),
                                   [&](const LongOption& one) { return one.name == name; });
  if (known == std::end(kLongOptions)) return invalid(concat("invalid option --", name, "; ", kUsage));
  if (known->value.empty() || known->value.find(' ') != known->value.npos) {
    const bool is_count = name == "history" || name == "undo";
    if (attached && is_count) part().words.emplace_back(*attached);
    if (attached && !is_count) return invalid(concat("option --", name, " takes no argument; ", kUsage));
    return take_long(name, {});
  }
  const auto value = value_of(concat("--", name), attached);
  if (!value) return fail(value.error());
  return take_long(name, *value);
}

void Parser::take_verb(Verb verb) {
  if (!part().words.empty() || part().verb) parts_.emplace_back();
  part().verb = verb;
}

Result<void> Parser::take_task(Task task) {
  if (request_.task != Task::query && request_.task != task) {
    return invalid("specify one of --apply, --explain, --history, --undo");
  }
  request_.task = task;
  return {};
}

Result<void> Parser::take_long(std::string_view name, const std::string& value) {
  const std::pair<std::string_view, bool*> flags[] = {
      {"check", &request_.check},   {"create", &request_.create}, {"dry-run", &request_.dry_run},
      {"origin", &request_.origin}, {"json", &request_.json},     {"reload", &request_.reload},
      {"status", &request_.status}};
  for (const auto& [flag, place] : flags) {
    if (flag == name) *place = true;
  }
  if (name == "json") part().letters += 'j';
  if (name == "clone") take_verb(Verb::clone);
  if (name == "rename") take_verb(Verb::rename);
  if (name == "uncomment") take_verb(Verb::uncomment);
  if (name == "where") request_.where = value;
  if (name == "help") request_.task = Task::help;
  if (name == "explain") return take_task(Task::explain);
  if (name == "history") return take_task(Task::history);
  if (name == "undo") return take_task(Task::undo);
  if (name == "apply") {
    request_.file = value;
    return take_task(Task::apply);
  }
  if (name != "if") return {};
  auto setting = config::split_setting(value);
  if (!setting) return invalid(concat("--if: ", setting.error().text));
  request_.conditions.push_back(std::move(*setting));
  return {};
}

Result<void> Parser::check(const Part& part) const {
  // -P -P is one mode, and not for edits.
  if (request_.effective && part.has_any("eX#")) {
    return invalid(concat("specify one of", part.given_of("eX#"), " -PP"));
  }
  for (const auto group : kExclusive) {
    const auto found = part.given_of(group);
    if (std::count(found.begin(), found.end(), '-') > 1) return invalid(concat("specify one of", found));
  }
  for (const auto& [mode, refused] : kRefusals) {
    if (!part.has(mode)) continue;
    const auto found = part.given_of(refused);
    if (!found.empty()) return invalid(concat("with option -", mode, ", do not specify", found));
  }
  if (part.has_any("bt")) return invalid("this version has no bounce templates: -b and -t are not there");
  if (part.verb && part.has_any("eX#"))
    return invalid(concat("specify one of", part.given_of("eX#"), " --uncomment"));
  return check_words(part);
}

Result<void> Parser::check_words(const Part& part) const {
  if (part.verb == Verb::clone || part.verb == Verb::rename) {
    const bool pairs = !part.words.empty() && part.words.size() % 2 == 0;
    return pairs ? Result<void>()
                 : invalid(concat(part.verb == Verb::clone ? "--clone" : "--rename",
                                  " requires two services: service_name/type service_name/type"));
  }
  if (!part.words.empty()) return {};
  if (part.has('e')) return invalid("-e requires name=value argument");
  if (part.has_any("X#") || part.verb) return invalid("missing service argument");
  return {};
}

// Whether the parts go together, and with the task.
Result<void> Parser::check_all() const {
  const bool edits = parts_.front().is_edit();
  for (const auto& part : parts_) {
    if (parts_.size() > 1 && !part.is_edit()) return invalid("a query does not go together with an edit");
  }
  const auto task = request_.task;
  if (edits &&
      (task == Task::apply || task == Task::explain || task == Task::history || task == Task::undo)) {
    return invalid("--apply, --explain, --history and --undo go with no other edit");
  }
  const bool changes = edits || task == Task::apply || task == Task::undo;
  const std::pair<bool, std::string_view> only_edits[] = {
      {request_.dry_run, "--dry-run"}, {request_.create, "--create"}, {!request_.conditions.empty(), "--if"}};
  for (const auto& [given, name] : only_edits) {
    if (given && !changes) return invalid(concat(name, " goes with an edit: name=value, -X, -#, or --apply"));
  }
  if (request_.reload && (request_.dry_run || request_.check)) {
    return invalid(concat("specify one of --reload ", request_.dry_run ? "--dry-run" : "--check"));
  }
  return {};
}

Result<Step> Parser::step_of(const Part& part) const {
  constexpr std::pair<char, Space> kOf[] = {
      {'M', Space::services},     {'F', Space::fields},       {'P', Space::overrides},
      {'O', Space::options},      {'m', Space::maps},         {'l', Space::locks},
      {'a', Space::sasl_servers}, {'A', Space::sasl_clients}, {'T', Space::tls}};
  Step step{Space::main, Verb::show, part.words};
  for (const auto& [letter, space] : kOf) {
    if (part.has(letter)) step.space = space;
  }
  if (part.has('e')) step.verb = Verb::edit;
  if (part.has('X')) step.verb = Verb::remove;
  if (part.has('#')) step.verb = Verb::comment_out;
  if (!part.verb) return step;
  step.verb = *part.verb;
  if (step.verb == Verb::uncomment) return step;
  if (part.has_any(kModes) && !part.has('M')) return invalid("--clone and --rename are about whole services");
  step.space = Space::services;
  return step;
}

Result<void> Parser::read_number() {
  if (request_.task != Task::history && request_.task != Task::undo) return {};
  const auto& words = parts_.front().words;
  const auto number = words.size() == 1 ? parse_number(words[0]) : std::nullopt;
  if (words.empty()) return {};
  if (!number || *number < 1) return invalid("--history and --undo take one number");
  request_.number = static_cast<std::size_t>(*number);
  return {};
}

Result<void> Parser::fill() {
  request_.steps.clear();
  for (const auto& part : parts_) {
    auto step = step_of(part);
    if (!step) return fail(step.error());
    request_.steps.push_back(std::move(*step));
  }
  const auto given = [this](char letter) {
    return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) { return part.has(letter); });
  };
  request_.defaults = given('d');
  request_.set_only = given('n');
  request_.names_only = given('H');
  request_.values_only = given('h');
  request_.fold = given('f');
  request_.expand = given('x');
  request_.json = given('j');
  request_.quiet = given('q');
  if (request_.task == Task::query && parts_.front().is_edit()) request_.task = Task::edit;
  const bool asks_nothing = request_.step().words.empty() && request_.step().space == Space::main;
  if (request_.task == Task::query && request_.check && asks_nothing) request_.task = Task::check;
  if (request_.task == Task::query && request_.reload && asks_nothing) request_.task = Task::edit;
  if (request_.task == Task::query && (request_.check || request_.reload)) {
    return invalid("--check and --reload go with an edit, or alone");
  }
  return read_number();
}

Result<Request> Parser::run(const char* mail_config) {
  request_.command = arguments_;
  request_.directory = std::string(config::standard_value("config_directory").value_or("/etc/postern"));
  if (mail_config != nullptr && *mail_config != '\0') {
    request_.directory = mail_config;
    request_.directory_named = true;
  }
  if (auto read_all = read(); !read_all) return fail(read_all.error());
  if (request_.task == Task::help) return std::move(request_);
  for (auto& part : parts_) {
    // name=value says that it is an edit.
    const bool is_setting = !part.words.empty() && part.words[0].find('=') != std::string::npos;
    if (is_setting && !part.verb && part.given_of("aAblmtT").empty()) part.letters += 'e';
    if (auto fine = check(part); !fine) return fail(fine.error());
  }
  if (auto fine = check_all(); !fine) return fail(fine.error());
  if (auto filled = fill(); !filled) return fail(filled.error());
  return std::move(request_);
}

}  // namespace

Result<Request> parse_arguments(const std::vector<std::string>& arguments, const char* mail_config) {
  return Parser(arguments).run(mail_config);
}

std::string help_text() {
  std::string text = R"(usage: postconf [-c DIRECTORY] [OPTION…] [NAME… | NAME=VALUE…]

Shows and changes main.cf and master.cf as name=value pairs. A word with "=" makes an edit of it; several edits, of both
files, may stand in one call, and happen together or not at all.

  (nothing)   parameters of main.cf: biff, 'smtpd_tls_*'
  -M          services of master.cf: smtp/inet
  -F          their fields: smtp/inet/chroot
  -P          their -o settings: submission/inet/smtpd_tls_security_level; -P -P: all that is in force for them
  -O          their other options and arguments: smtp/inet/verbose, maildrop/unix/argument/user
  -m -l -a -A -T FACT   what is supported;  -b -t [FILE]   bounce templates

  -n -d       what main.cf says; the built-in defaults        -e  edit (a word with "=" implies it)
  -x -o N=V   expand $names; as if N were V                   -X  remove: back to the default
  -h -H -f    value only, name only, folded                   -#  comment out
  -j          JSON, an object a line                          -C CLASS,…  builtin, service, user, all
  -q -v       no remarks on unused names; more words

)";
  for (const auto& option : kLongOptions) {
    auto line = concat("  --", option.name, option.value.empty() ? "" : " ", option.value);
    line.append(line.size() < 24 ? 24 - line.size() : 1, ' ');
    text += concat(line, option.help, "\n");
  }
  return text;
}

}  // namespace postern::postconf
