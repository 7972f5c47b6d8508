#include "postconf/explain.h"

#include <algorithm>
#include <limits>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/config/all_params.h"
#include "lib/config/likely.h"
#include "lib/config/versions.h"
#include "postconf/pattern.h"

namespace postern::postconf {

namespace {

using config::ParamBase;

constexpr std::int64_t kNoBound = std::numeric_limits<std::int32_t>::max();

class Explanation {
 public:
  Explanation(const Request& request, const Configuration& configuration, Output& output)
      : request_(request), configuration_(configuration), output_(output) {}

  void word(const std::string& word) {
    const Glob glob(word);
    bool found = false;
    for (const auto& [name, known] : configuration_.catalog().all()) {
      if (!glob.is_wild() || !glob.fits(name)) continue;
      show(name, known);
      found = true;
    }
    const auto* known = glob.is_wild() ? nullptr : configuration_.catalog().find(word);
    if (known != nullptr) show(word, *known);
    if (known == nullptr && !found) unknown(word);
  }

 private:
  // An old name that is no parameter any more may still be explained.
  void unknown(const std::string& name) {
    const auto* old = config::replaced(name);
    if (old != nullptr) return show(name, {});
    output_.missing = true;
    config::Likely likely(name);
    for (const auto& [known, what] : configuration_.catalog().all()) likely.offer(known);
    output_.warn(concat(name, ": unknown parameter", likely.question()));
  }

  void show(const std::string& name, const config::Known& known) {
    name_ = name;
    facts_.clear();
    ParamBase* param = params_.find(name);
    if (param != nullptr) {
      add("help", param->help());
      describe(*param);
    } else {
      add("help", known.kind == config::NameClass::service
                      ? "A limit or a time of one service, as its name says."
                      : "A name of the administrator's own, for use as $name.");
    }
    if (param != nullptr || known.kind == config::NameClass::service) add("default", known.standard);
    in_force(known);
    if (param != nullptr) read_by();
    describe_age();
    print();
  }

  void describe(const ParamBase& param) {
    std::string type(param.type());
    if (param.unit() != '\0') type += concat(", in ", unit_name(param.unit()), " where no unit is given");
    add("type", type);
    const auto& [min, max, effect, expansion, access, words] = param.spec();
    const bool is_number = param.type() == "integer" || param.type() == "time";
    const bool bounded = max < kNoBound;
    const std::string_view unit = is_number ? "" : bounded || min != 1 ? " characters" : " character";
    if (param.type() != "boolean" && (bounded || min > 0 || is_number)) {
      add("bounds", bounded ? concat(min, " to ", max, unit) : concat("at least ", min, unit));
    }
    if (param.type() == "boolean") add("values", "yes no");
    if (!words.empty()) add("values", words);
    if (expansion == config::Expansion::none) add("expansion", "later, for each message or client");
  }

  static std::string_view unit_name(char unit) {
    switch (unit) {
      case 'm': return "minutes";
      case 'h': return "hours";
      case 'd': return "days";
      case 'w': return "weeks";
      default: return "seconds";
    }
  }

  void in_force(const config::Known& known) {
    if (request_.defaults) return;
    add("in force", configuration_.value(name_, known));
    origin_ = configuration_.origin(name_);
  }

  void read_by() {
    const auto readers = params_.readers(name_);
    if (!readers) return;
    if (readers->here) {
      add("read by", readers->programs);
    } else {
      add("read by", "no program of this version: it has no effect yet");
      add("in Postfix", readers->programs);
    }
  }

  void describe_age() {
    const auto since = config::since(name_);
    if (since) add("since", since->empty() ? std::string("Postern 0.1") : concat("Postfix ", *since));
    const auto* old = config::replaced(name_);
    if (old == nullptr) return;
    const auto when = concat(" (Postfix ", old->since, ")");
    add("replaced by",
        old->instead.empty() ? concat("nothing: it can go", when) : concat(old->instead, when));
  }

  void add(std::string_view what, std::string_view text) { facts_.emplace_back(what, text); }

  void print() {
    if (request_.json) return print_json();
    std::string text = name_ + "\n";
    for (const auto& [what, value] : facts_) {
      if (what == "help") {
        text += concat("    ", value, "\n");
        continue;
      }
      std::string label = concat("    ", what, ":");
      label.append(label.size() < 17 ? 17 - label.size() : 1, ' ');
      text += concat(label, value.empty() ? "(empty)" : value, what == "in force" ? place() : "", "\n");
    }
    output_.out += output_.out.empty() ? text : concat("\n", text);
  }

  std::string place() const {
    return origin_.line == 0 ? concat("  (", origin_.kind, ")")
                             : concat("  (", origin_.path, ", line ", origin_.line, ")");
  }

  void print_json() {
    JsonObject object;
    object.add("name", name_);
    for (auto [what, value] : facts_) {
      std::replace(what.begin(), what.end(), ' ', '_');
      what = lower(what);
      object.add(what, value);
    }
    object.add("origin", origin_.kind);
    if (origin_.line > 0) {
      object.add("file", origin_.path).add_number("line", static_cast<std::int64_t>(origin_.line));
    }
    output_.line(object.text());
  }

  const Request& request_;
  const Configuration& configuration_;
  Output& output_;
  config::AllParams params_;
  std::string name_;
  Origin origin_;
  config::Pairs facts_;
};

}  // namespace

Result<void> explain(const Request& request, const Configuration& configuration, Output& output) {
  if (request.step().words.empty()) return fail(Errc::invalid, "--explain requires the names of parameters");
  Explanation explanation(request, configuration, output);
  for (const auto& word : request.step().words) explanation.word(word);
  return {};
}

}  // namespace postern::postconf
