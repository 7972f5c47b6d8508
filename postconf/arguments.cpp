#include "postconf/arguments.h"

#include <algorithm>
#include <optional>

#include "lib/base/text.h"
#include "lib/config/main_cf.h"
#include "lib/config/standards.h"
#include "postconf/argument_rules.h"
#include "postconf/invalid.h"
#include "postconf/options.h"

namespace postern::postconf {

namespace {

constexpr std::string_view kUsage =
    "usage: postconf [-c dir] [-dnefhHjqvxX#] [-C class,...] [-o name=value] [name... | name=value...]; "
    "-M, -F, -P, -O: the same for master.cf; -R: what runs; -m, -l, -a, -A, -T fact: what is supported; "
    "--help: more";

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
  if (!part().words.empty() && word.find_first_of("FMOpPReX#") != word.npos) parts_.emplace_back();
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
  if (name == "running") {
    if (!part().words.empty()) parts_.emplace_back();
    part().letters += 'R';
  }
  if (name == "clone") take_verb(Verb::clone);
  if (name == "rename") take_verb(Verb::rename);
  if (name == "uncomment") take_verb(Verb::uncomment);
  if (name == "where") {
    if (trim(value).empty()) return invalid("--where: the condition is empty");
    request_.where = value;
  }
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

Result<Step> Parser::step_of(const Part& part) const {
  constexpr std::pair<char, Space> kOf[] = {
      {'M', Space::services}, {'F', Space::fields},       {'P', Space::overrides},
      {'O', Space::options},  {'R', Space::running},      {'m', Space::maps},
      {'l', Space::locks},    {'a', Space::sasl_servers}, {'A', Space::sasl_clients},
      {'T', Space::tls},      {'t', Space::templates},    {'b', Space::expanded_templates}};
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
    if (part.has_setting() && !part.verb) part.letters += 'e';
    if (auto fine = check_part(part, request_); !fine) return fail(fine.error());
  }
  if (auto fine = check_together(parts_, request_); !fine) return fail(fine.error());
  if (auto filled = fill(); !filled) return fail(filled.error());
  return std::move(request_);
}

}  // namespace

Result<Request> parse_arguments(const std::vector<std::string>& arguments, const char* mail_config) {
  return Parser(arguments).run(mail_config);
}

}  // namespace postern::postconf
