#include "postconf/service_query.h"

#include <algorithm>
#include <set>

#include "lib/base/text.h"
#include "lib/config/service_options.h"
#include "postconf/pattern.h"
#include "postconf/usage.h"
#include "postconf/where.h"

namespace postern::postconf {

namespace {

using config::Service;

// How many parts a word of the name space may have, and what to say of another.
std::pair<std::size_t, std::string_view> form_of(Space space) {
  switch (space) {
    case Space::services: return {2, "-M option requires service_name[/type]"};
    case Space::fields: return {3, "-F option requires service_name[/type[/field]]"};
    case Space::options: return {4, "-O option requires service_name[/type[/option]]"};
    default: return {3, "-P option requires service_name[/type[/parameter]]"};
  }
}

class Show {
 public:
  Show(const Request& request, const Configuration& configuration, Output& output)
      : request_(request), configuration_(configuration), output_(output) {}

  Result<void> run();

 private:
  Result<void> read_patterns();
  bool can_exist(const Pattern& pattern) const;
  Origin origin(const Service& service) const;
  Origin origin_of(const Service& service, std::string_view override_name) const;
  Result<void> show(const Service& original);
  Result<void> show_parts(const Service& service);
  // These tell whether the service has what the third part of the pattern asks for.
  Result<bool> show_part(const Service& service, const Pattern& pattern);
  Result<bool> show_overrides(const Service& service, const Pattern& pattern);
  Result<bool> show_effective(const Service& service, const Pattern& pattern);
  bool show_options(const Service& service, const Pattern& pattern);
  void show_entry(const Service& service);
  void show_fields(const Service& service, const Pattern& pattern);
  Result<void> show_parameter(const Service& service, const Origin& origin, std::string_view name,
                              std::string_view value);
  void line(const Service& service, const Origin& origin, std::string_view third, std::string_view value);

  const Request& request_;
  const Configuration& configuration_;
  Output& output_;
  std::vector<Pattern> patterns_;
  Condition condition_;
  // The names that had settings so far: an entry of the same name shows them again, as in Postfix.
  std::set<std::pair<std::string, config::SocketType>> have_overrides_;
};

Result<void> Show::read_patterns() {
  const auto [most, otherwise] = form_of(request_.step().space);
  for (const auto& word : request_.step().words) {
    auto pattern = parse_pattern(word, 1, most, otherwise);
    if (!pattern) return fail(pattern.error());
    if (!can_exist(*pattern)) {
      const auto* what = request_.step().space == Space::fields ? "service attribute" : "option";
      return fail(Errc::invalid, concat("invalid ", what, " name: \"", pattern->third.text(), "\""));
    }
    patterns_.push_back(std::move(*pattern));
  }
  if (patterns_.empty()) patterns_.push_back({"*", Glob(), Glob(), Glob(), true});
  auto condition = condition_of(request_);
  if (!condition) return fail(condition.error());
  condition_ = std::move(*condition);
  return {};
}

// Whether anything could fit the third part.
bool Show::can_exist(const Pattern& pattern) const {
  const auto& third = pattern.third;
  if (request_.step().space == Space::options) return third.is_wild() || config::is_option_name(third.text());
  if (request_.step().space != Space::fields) return true;
  const auto& names = config::kFieldNames;
  return third.fits("command") ||
         std::any_of(names.begin(), names.end(), [&](auto name) { return third.fits(std::string(name)); });
}

Origin Show::origin_of(const Service& service, std::string_view name) const {
  return request_.origin ? configuration_.origin(service, name) : Origin{};
}

Origin Show::origin(const Service& service) const {
  if (!request_.origin) return {};
  return {"file", concat(configuration_.directory(), "/master.cf"), service.line};
}

void Show::line(const Service& service, const Origin& origin, std::string_view third,
                std::string_view value) {
  const auto name = concat(service.name, "/", config::name_of(service.type), "/", third);
  output_.line(setting_line(request_, origin, name, value));
}

void Show::show_fields(const Service& service, const Pattern& pattern) {
  for (std::size_t i = 0; i < config::kFields; ++i) {
    const std::string field(config::kFieldNames[i]);
    if (pattern.third.fits(field)) line(service, origin(service), field, service.fields[i]);
  }
  if (!pattern.third.fits("command")) return;
  if (request_.names_only || request_.json) {
    line(service, origin(service), "command", config::command_line(service));
    return;
  }
  const auto name = concat(service.name, "/", config::name_of(service.type), "/command");
  const auto start =
      origin_text(request_, origin(service)) + (request_.values_only ? std::string() : concat(name, " = "));
  output_.line(request_.fold ? config::folded_command(start, service)
                             : start + config::command_line(service));
}

void Show::show_entry(const Service& service) {
  if (request_.json) {
    std::string value;
    for (std::size_t i = 0; i < config::kFields; ++i) value += concat(service.fields[i], " ");
    const auto name = concat(service.name, "/", config::name_of(service.type));
    output_.line(setting_line(request_, origin(service), name, value + config::command_line(service)));
    return;
  }
  output_.line(origin_text(request_, origin(service)) +
               (request_.fold ? config::folded(service) : config::one_line(service)));
}

bool Show::show_options(const Service& service, const Pattern& pattern) {
  bool found = false;
  for (const auto& [name, value] : config::options_of(service)) {
    if (!pattern.third.fits(name)) continue;
    line(service, origin(service), name, value);
    found = true;
  }
  return found;
}

Result<void> Show::show_parameter(const Service& service, const Origin& origin, std::string_view name,
                                  std::string_view value) {
  auto shown =
      request_.expand ? configuration_.expand(value, &service) : Result<std::string>(std::string(value));
  if (!shown) return fail(shown.error());
  line(service, origin, name, *shown);
  return {};
}

Result<bool> Show::show_overrides(const Service& service, const Pattern& pattern) {
  if (!have_overrides_.contains({service.name, service.type})) return false;
  bool found = false;
  for (const auto& [name, value] : configuration_.overrides(service)) {
    const auto* known = configuration_.catalog().find(name);
    if (known != nullptr && known->read_only) {
      found = found || pattern.third.text() == "*";
      continue;
    }
    if (!pattern.third.fits(name)) continue;
    auto shown = show_parameter(service, origin_of(service, name), name, value);
    if (!shown) return fail(shown.error());
    found = true;
  }
  return found;
}

// What is in force for the service: its own settings, main.cf, and the defaults.
Result<bool> Show::show_effective(const Service& service, const Pattern& pattern) {
  bool found = false;
  const auto& own = configuration_.overrides(service);
  for (const auto& [name, known] : configuration_.catalog().all()) {
    const auto set = own.find(name);
    const bool listed = set != own.end() || !known.hidden || configuration_.set().contains(name);
    if (!listed || !pattern.third.fits(name)) continue;
    const bool is_own = set != own.end();
    const auto value = is_own ? set->second : configuration_.value(name, known);
    const auto where = !request_.origin ? Origin{}
                       : is_own         ? origin_of(service, name)
                                        : configuration_.origin(name);
    auto shown = known.raw ? (line(service, where, name, value), Result<void>())
                           : show_parameter(service, where, name, value);
    if (!shown) return fail(shown.error());
    found = true;
  }
  return found;
}

Result<bool> Show::show_part(const Service& service, const Pattern& pattern) {
  switch (request_.step().space) {
    case Space::services: show_entry(service); return true;
    case Space::fields: show_fields(service, pattern); return true;
    case Space::options: return show_options(service, pattern);
    default: return request_.effective ? show_effective(service, pattern) : show_overrides(service, pattern);
  }
}

Result<void> Show::show(const Service& original) {
  if (!original.overrides.empty()) have_overrides_.emplace(original.name, original.type);
  const bool fits = std::any_of(patterns_.begin(), patterns_.end(),
                                [&](const Pattern& pattern) { return pattern.fits(original); });
  if (!fits || !condition_.fits(original)) return {};
  // Settings are expanded one by one, when they are asked for.
  if (!request_.expand || request_.step().space == Space::overrides) return show_parts(original);
  Service service = original;
  for (auto& [name, value] : service.overrides) {
    auto expanded = configuration_.expand(value, &original);
    if (!expanded) return cannot_expand(expanded.error(), output_);
    value = std::move(*expanded);
  }
  return show_parts(service);
}

Result<void> Show::show_parts(const Service& service) {
  for (auto& pattern : patterns_) {
    if (!pattern.fits(service)) continue;
    const auto found = show_part(service, pattern);
    if (!found) return cannot_expand(found.error(), output_);
    pattern.matched = pattern.matched || *found;
  }
  return {};
}

Result<void> Show::run() {
  if (auto read = read_patterns(); !read) return read;
  output_.out.reserve(configuration_.services().size() * 80);  // about a line each
  for (const auto& service : configuration_.services()) {
    if (auto shown = show(service); !shown) return shown;
  }
  if (output_.out.empty() && !request_.where.empty()) output_.missing = true;
  warn_of_unknown_names(condition_, configuration_.services(), output_);
  for (const auto& pattern : patterns_) {
    if (pattern.matched) continue;
    output_.missing = true;
    output_.warn(concat("unmatched request: \"", pattern.text, "\""));
  }
  return {};
}

}  // namespace

Result<void> show_services(const Request& request, const Configuration& configuration, Output& output) {
  if (auto shown = Show(request, configuration, output).run(); !shown) return shown;
  warn_of_unused_overrides(configuration.set(), configuration.all_overrides(), configuration.directory(),
                           configuration.expander(), configuration.catalog(), output);
  return {};
}

}  // namespace postern::postconf
