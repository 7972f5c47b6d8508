#include "lib/table/rules.h"

#include "lib/base/text.h"
#include "lib/table/openers.h"

namespace postern::table {

namespace {

// Takes "/pattern/" with any delimiter, which a backslash hides, from the front of a line.
Result<std::string> take_pattern(std::string_view& line) {
  const char delimiter = line.front();
  for (std::size_t at = 1; at < line.size(); ++at) {
    if (line[at] == '\\') {
      ++at;
    } else if (line[at] == delimiter) {
      std::string pattern(line.substr(1, at - 1));
      line.remove_prefix(at + 1);
      return pattern;
    }
  }
  return fail(Errc::invalid, concat("no closing regexp delimiter \"", delimiter, '"'));
}

std::string_view take_word(std::string_view& line) {
  std::size_t length = 0;
  while (length < line.size() && !is_space(line[length])) ++length;
  const auto word = line.substr(0, length);
  line = trim(line.substr(length));
  return word;
}

Result<std::unique_ptr<Table>> open_rules(std::string name, std::string_view type, std::string_view argument,
                                          Compile compile) {
  const auto source = read_rules(argument);
  if (!source) return fail(source.error());
  auto rules = std::make_unique<Rules>(std::move(name), compile);
  rules->read(*source, type);
  return rules;
}

}  // namespace

// [!]/pattern/options, at the front of a line.
Result<Rules::Rule> Rules::parse_pattern(std::string_view& line) const {
  Rule rule;
  while (line.starts_with('!')) {
    rule.negated = !rule.negated;
    line = trim(line.substr(1));
  }
  if (line.empty() || is_alnum(line.front())) return fail(Errc::invalid, "no regexp: expected /pattern/");
  auto pattern = take_pattern(line);
  if (!pattern) return fail(pattern.error());
  const auto options = take_word(line);
  auto expression = compile_(*pattern, options);
  if (!expression) return fail(expression.error());
  rule.expression = std::move(*expression);
  return rule;
}

Result<void> Rules::give(Rule& rule, std::string_view text, std::string& note) const {
  if (text.empty()) note = "no replacement text: using empty string";
  auto replacement = Replacement::parse(text);
  if (!replacement) return fail(replacement.error());
  if (replacement->highest() > 0 && rule.negated) {
    return fail(Errc::invalid, "$number found in negative match replacement text");
  }
  if (replacement->highest() > rule.expression->groups()) {
    return fail(Errc::invalid, concat("out of range replacement index \"", replacement->highest(), '"'));
  }
  rule.replacement = std::move(*replacement);
  return {};
}

Result<Rules::Rule> Rules::parse(std::string_view line, std::string& note) const {
  if (const auto rest = behind_word(line, "endif")) {
    if (!rest->empty()) note = "ignoring extra text after ENDIF";
    Rule rule;
    rule.kind = Kind::end;
    return rule;
  }
  const auto condition = behind_word(line, "if");
  if (!condition && is_alnum(line.front())) return fail(Errc::invalid, "unrecognized request");
  std::string_view rest = condition ? *condition : line;
  auto rule = parse_pattern(rest);
  if (!rule) return rule;
  if (condition) {
    rule->kind = Kind::block;
    if (!rest.empty()) note = "ignoring extra text after IF /pattern/";
    return rule;
  }
  auto given = give(*rule, rest, note);
  if (!given) return fail(given.error());
  return rule;
}

void Rules::read(const std::vector<SourceRule>& source, std::string_view type) {
  const auto one = [this](std::string_view text, std::string& note) { return parse(text, note); };
  rules_ = nested_rules<Rule>(source, type, one);
}

Found Rules::find(std::string_view key) const {
  for (std::size_t at = 0; at < rules_.size(); ++at) {
    const Rule& rule = rules_[at];
    if (rule.kind == Kind::end) continue;
    if (rule.kind == Kind::broken) return fail(Errc::busy, rule.mistake);
    const auto matched = rule.expression->match(key, captures_);
    if (!matched) return fail(matched.error());
    const bool applies = *matched != rule.negated;
    if (applies && rule.kind == Kind::result) return rule.replacement.fill(captures_);
    if (!applies && rule.kind == Kind::block) at = rule.end;
  }
  return std::nullopt;
}

Result<std::unique_ptr<Table>> open_regexp(std::string name, std::string_view argument) {
  return open_rules(std::move(name), "regexp", argument, compile_posix);
}

Result<std::unique_ptr<Table>> open_pcre(std::string name, std::string_view argument) {
  return open_rules(std::move(name), "pcre", argument, compile_pcre);
}

}  // namespace postern::table
