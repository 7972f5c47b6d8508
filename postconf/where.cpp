#include "postconf/where.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/config/lines.h"
#include "lib/config/service_options.h"
#include "lib/config/standards.h"

namespace postern::postconf {

namespace {

using config::Field;
using config::Service;

Field field_at(std::size_t index) { return static_cast<Field>(index); }

std::string flag(bool on) { return on ? "y" : "n"; }

// What "-" in a field stands for; empty when that is decided elsewhere.
std::string meaning(const Service& service, Field field) {
  switch (field) {
    case Field::private_: return flag(service.private_);
    case Field::unprivileged: return flag(service.unprivileged);
    case Field::chroot: return flag(service.chroot);
    case Field::wakeup: return std::to_string(service.wakeup.count());
    default: return {};
  }
}

}  // namespace

class ConditionParser {
 public:
  explicit ConditionParser(std::string_view text) : text_(text), rest_(text) {}

  Result<Condition> whole() {
    auto node = any_of(0);
    if (!node) return fail(node.error());
    if (!rest_.empty()) return bad("expected \"and\", \"or\" or the end");
    Condition condition;
    condition.root_ = std::move(*node);
    return condition;
  }

 private:
  using Node = Condition::Node;
  using Kind = Condition::Kind;

  Failure bad(std::string_view why) const {
    const auto place =
        rest_.empty() ? std::string("the end of") : concat("\"", config::shown(rest_), "\" in");
    return fail(Errc::invalid, concat("--where: ", why, " at ", place, " \"", config::shown(text_), "\""));
  }

  void skip_blanks() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }

  // Takes the word if it comes next as a word.
  bool take_word(std::string_view word) {
    skip_blanks();
    if (!rest_.starts_with(word)) return false;
    const auto behind = rest_.substr(word.size());
    if (!behind.empty() && !is_space(behind.front()) && behind.front() != '(') return false;
    rest_ = behind;
    return true;
  }

  bool take(char c) {
    skip_blanks();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  Result<Node> any_of(int depth) { return list(depth, Kind::any_of, "or"); }

  Result<Node> list(int depth, Kind kind, std::string_view word) {
    Node node{kind};
    do {
      auto one = kind == Kind::any_of ? list(depth, Kind::all_of, "and") : single(depth + 1);
      if (!one) return one;
      node.below.push_back(std::move(*one));
    } while (take_word(word));
    skip_blanks();
    return node;
  }

  Result<Node> single(int depth) {
    if (depth > kDeepestCondition) return fail(Errc::too_long, "--where: too many parentheses");
    if (take_word("not")) {
      auto inner = single(depth + 1);
      if (!inner) return inner;
      Node node{Kind::none_of};
      node.below.push_back(std::move(*inner));
      return node;
    }
    if (!take('(')) return term();
    auto inner = any_of(depth);
    if (inner && !take(')')) return bad("missing \")\"");
    return inner;
  }

  Result<Node> term() {
    skip_blanks();
    const auto end = std::min(rest_.find_first_of("=! \t()"), rest_.size());
    Node node{Kind::term, std::string(rest_.substr(0, end))};
    if (node.name.empty()) return bad("expected NAME=PATTERN");
    rest_.remove_prefix(end);
    const bool differs = take('!');
    if (!take('=')) return bad(concat("expected \"=\" behind ", node.name));
    const auto value = pattern();
    if (!value) return fail(value.error());
    node.value = Glob(*value);
    if (!differs) return node;
    Node opposite{Kind::none_of};
    opposite.below.push_back(std::move(node));
    return opposite;
  }

  Result<std::string_view> pattern() {
    skip_blanks();
    const bool is_quoted = rest_.starts_with('"') || rest_.starts_with('\'');
    const auto end =
        is_quoted ? rest_.find(rest_.front(), 1) : std::min(rest_.find_first_of(" \t()"), rest_.size());
    if (end == rest_.npos) return bad("missing quote");
    const auto value = is_quoted ? rest_.substr(1, end - 1) : rest_.substr(0, end);
    rest_.remove_prefix(end + (is_quoted ? 1 : 0));
    return value;
  }

  std::string_view text_, rest_;
};

Result<Condition> Condition::parse(std::string_view text) {
  if (text.size() > kLongestCondition) return fail(Errc::too_long, "--where: the condition is too long");
  return ConditionParser(text).whole();
}

bool Condition::has(const Node& node, const Service& service) {
  const auto& names = config::kFieldNames;
  const auto field =
      static_cast<std::size_t>(std::find(names.begin(), names.end(), node.name) - names.begin());
  if (field < names.size()) {
    const std::string written(service.fields[field]);
    return node.value.fits(written) || (written == "-" && node.value.fits(meaning(service, field_at(field))));
  }
  if (node.name == "program") return node.value.fits(service.command);
  if (node.name == "command") return node.value.fits(config::command_line(service));
  const auto fits = [&](const auto& pair) { return pair.first == node.name && node.value.fits(pair.second); };
  if (config::is_option_name(node.name)) {
    const auto options = config::options_of(service);
    return std::any_of(options.begin(), options.end(), fits);
  }
  // Of several settings of one name the last one counts.
  const auto& set = service.overrides;
  const auto last =
      std::find_if(set.rbegin(), set.rend(), [&](const auto& pair) { return pair.first == node.name; });
  return last != set.rend() && node.value.fits(last->second);
}

bool Condition::fits(const Node& node, const Service& service) {
  const auto fits_too = [&](const Node& one) { return fits(one, service); };
  switch (node.kind) {
    case Kind::term: return has(node, service);
    case Kind::all_of: return std::all_of(node.below.begin(), node.below.end(), fits_too);
    case Kind::any_of: return std::any_of(node.below.begin(), node.below.end(), fits_too);
    case Kind::none_of: return std::none_of(node.below.begin(), node.below.end(), fits_too);
  }
  return false;
}

bool Condition::fits(const Service& service) const { return fits(root_, service); }

void Condition::collect(const Node& node, std::vector<std::string>& names) {
  const auto& fields = config::kFieldNames;
  const bool is_parameter = node.kind == Kind::term && node.name != "program" && node.name != "command" &&
                            !config::is_option_name(node.name) &&
                            std::find(fields.begin(), fields.end(), node.name) == fields.end();
  if (is_parameter) names.push_back(node.name);
  for (const auto& one : node.below) collect(one, names);
}

std::vector<std::string> Condition::parameters() const {
  std::vector<std::string> names;
  collect(root_, names);
  return names;
}

Result<Condition> condition_of(const Request& request) {
  return request.where.empty() ? Condition() : Condition::parse(request.where);
}

void warn_of_unknown_names(const Condition& condition, const std::vector<Service>& services, Output& output) {
  for (const auto& name : condition.parameters()) {
    const auto sets = [&](const Service& service) {
      const auto& set = service.overrides;
      return std::any_of(set.begin(), set.end(), [&](const auto& pair) { return pair.first == name; });
    };
    if (config::standard_value(name) || std::any_of(services.begin(), services.end(), sets)) continue;
    output.warn(concat("--where: no field, parameter or setting is called \"", config::shown(name), "\""));
  }
}

}  // namespace postern::postconf
