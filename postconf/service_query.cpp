#include "postconf/service_query.h"

#include <algorithm>
#include <set>

#include "lib/base/text.h"
#include "postconf/pattern.h"
#include "postconf/usage.h"

namespace postern::postconf {

namespace {

using config::Service;

class Show {
 public:
  Show(const Request& request, const Configuration& configuration, Output& output)
      : request_(request), configuration_(configuration), output_(output) {}

  Result<void> run();

 private:
  Result<void> read_patterns();
  Result<void> show(const Service& service);
  void show_fields(const Service& service, const Pattern& pattern);
  // Whether the service has what the third part of the pattern asks for.
  Result<bool> show_overrides(const Service& service, const Pattern& pattern);
  void line(const Service& service, std::string_view third, std::string_view value);

  const Request& request_;
  const Configuration& configuration_;
  Output& output_;
  std::vector<Pattern> patterns_;
  // The names that had settings so far: an entry of the same name shows them again, as in Postfix.
  std::set<std::pair<std::string, config::SocketType>> have_overrides_;
};

Result<void> Show::read_patterns() {
  const auto [most, otherwise] =
      request_.space == Space::services ? std::pair(2, "-M option requires service_name[/type]")
      : request_.space == Space::fields ? std::pair(3, "-F option requires service_name[/type[/field]]")
                                        : std::pair(3, "-P option requires service_name[/type[/parameter]]");
  for (const auto& word : request_.words) {
    auto pattern = parse_pattern(word, 1, static_cast<std::size_t>(most), otherwise);
    if (!pattern) return fail(pattern.error());
    const auto& names = config::kFieldNames;
    const bool is_field = pattern->third == "*" || pattern->third == "command" ||
                          std::find(names.begin(), names.end(), pattern->third) != names.end();
    if (request_.space == Space::fields && !is_field) {
      return fail(Errc::invalid, concat("invalid service attribute name: \"", pattern->third, "\""));
    }
    patterns_.push_back(std::move(*pattern));
  }
  if (patterns_.empty()) patterns_.push_back({"*", "*", "*", "*", true});
  return {};
}

void Show::line(const Service& service, std::string_view third, std::string_view value) {
  const auto name = concat(service.name, "/", config::name_of(service.type), "/", third);
  output_.line(setting_line(request_, name, value));
}

void Show::show_fields(const Service& service, const Pattern& pattern) {
  for (std::size_t i = 0; i < config::kFields; ++i) {
    if (pattern.fits_third(config::kFieldNames[i])) line(service, config::kFieldNames[i], service.fields[i]);
  }
  if (!pattern.fits_third("command")) return;
  const auto name = concat(service.name, "/", config::name_of(service.type), "/command");
  const auto start = request_.values_only ? std::string() : concat(name, " = ");
  if (request_.names_only) {
    output_.line(name);
  } else {
    output_.line(request_.fold ? config::folded_command(start, service)
                               : start + config::command_line(service));
  }
}

Result<bool> Show::show_overrides(const Service& service, const Pattern& pattern) {
  if (!have_overrides_.contains({service.name, service.type})) return false;
  bool found = false;
  for (const auto& [name, value] : configuration_.overrides(service)) {
    if (!pattern.fits_third(name)) continue;
    const auto* known = configuration_.catalog().find(name);
    if (known != nullptr && known->read_only) {
      found = found || pattern.third == "*";
      continue;
    }
    auto shown = request_.expand ? configuration_.expand(value, &service) : Result<std::string>(value);
    if (!shown) return fail(shown.error());
    line(service, name, *shown);
    found = true;
  }
  return found;
}

Result<void> Show::show(const Service& original) {
  if (!original.overrides.empty()) have_overrides_.emplace(original.name, original.type);
  const bool fits = std::any_of(patterns_.begin(), patterns_.end(),
                                [&](const Pattern& pattern) { return pattern.fits(original); });
  if (!fits) return {};
  Service service = original;
  for (auto& [name, value] : service.overrides) {
    if (!request_.expand) break;
    auto expanded = configuration_.expand(value, &original);
    if (!expanded) return cannot_expand(expanded.error(), output_);
    value = std::move(*expanded);
  }
  for (auto& pattern : patterns_) {
    if (!pattern.fits(service)) continue;
    Result<bool> found = true;
    if (request_.space == Space::services) {
      output_.line(request_.fold ? config::folded(service) : config::one_line(service));
    } else if (request_.space == Space::fields) {
      show_fields(service, pattern);
    } else {
      found = show_overrides(service, pattern);
    }
    if (!found) return cannot_expand(found.error(), output_);
    pattern.matched = pattern.matched || *found;
  }
  return {};
}

Result<void> Show::run() {
  if (auto read = read_patterns(); !read) return read;
  for (const auto& service : configuration_.services()) {
    if (auto shown = show(service); !shown) return shown;
  }
  for (const auto& pattern : patterns_) {
    if (!pattern.matched) output_.warn(concat("unmatched request: \"", pattern.text, "\""));
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
