#include "postconf/main_query.h"

#include <algorithm>

#include "lib/base/text.h"
#include "postconf/pattern.h"
#include "postconf/usage.h"

namespace postern::postconf {

namespace {

bool is_wanted(const Request& request, config::NameClass kind) {
  using enum config::NameClass;
  return kind == builtin ? request.builtin : kind == service ? request.service : request.user;
}

class Show {
 public:
  Show(const Request& request, const Configuration& configuration, Output& output)
      : request_(request), configuration_(configuration), output_(output) {}

  Result<void> named() {
    for (const auto& name : request_.step().words) {
      const Glob glob(name);
      if (glob.is_wild()) {
        auto shown = all_that_fit(glob);
        if (!shown) return shown;
        continue;
      }
      const auto* known = configuration_.catalog().find(name);
      if (known == nullptr) {
        unknown(name);
      } else if (auto shown = one(name, *known); !shown) {
        return shown;
      }
    }
    return {};
  }

  Result<void> all() {
    for (const auto& [name, known] : configuration_.catalog().all()) {
      if (known.hidden && !is_set_somewhere(name)) continue;
      if (auto shown = of_class(name, known); !shown) return shown;
    }
    return {};
  }

  Result<void> all_set() {
    for (const auto& [name, value] : configuration_.set()) {
      const auto* known = configuration_.catalog().find(name);
      if (known == nullptr) continue;
      if (auto shown = of_class(name, *known); !shown) return shown;
    }
    return {};
  }

 private:
  void unknown(const std::string& name) {
    output_.missing = true;
    output_.warn(concat(name, ": unknown parameter"));
  }

  Result<void> all_that_fit(const Glob& glob) {
    bool found = false;
    for (const auto& [name, known] : configuration_.catalog().all()) {
      if ((known.hidden && !is_set_somewhere(name)) || !glob.fits(name)) continue;
      found = true;
      if (auto shown = of_class(name, known); !shown) return shown;
    }
    if (!found) unknown(glob.text());
    return {};
  }

  bool is_set_somewhere(const std::string& name) const {
    const auto& services = configuration_.all_overrides();
    return configuration_.set().contains(name) ||
           std::any_of(services.begin(), services.end(),
                       [&](const auto& service) { return service.second.contains(name); });
  }

  Result<void> of_class(const std::string& name, const Known& known) {
    return is_wanted(request_, known.kind) ? one(name, known) : Result<void>();
  }

  Result<void> one(const std::string& name, const Known& known) {
    if (request_.set_only && (known.read_only || !configuration_.set().contains(name))) return {};
    auto value = configuration_.value(name, known);
    if (request_.expand && !known.raw) {
      auto expanded = configuration_.expand(value);
      if (!expanded) return cannot_expand(expanded.error(), output_);
      value = std::move(*expanded);
    }
    const auto origin = request_.origin ? configuration_.origin(name) : Origin{};
    output_.line(setting_line(request_, origin, name, value));
    return {};
  }

  const Request& request_;
  const Configuration& configuration_;
  Output& output_;
};

}  // namespace

Result<void> show_main(const Request& request, const Configuration& configuration, Output& output) {
  Show show(request, configuration, output);
  auto shown = !request.step().words.empty() ? show.named() : request.set_only ? show.all_set() : show.all();
  if (!shown || request.defaults) return shown;
  warn_of_unused(configuration.set(), configuration.directory(), configuration.catalog(), output);
  warn_of_unused_overrides(configuration.set(), configuration.all_overrides(), configuration.directory(),
                           configuration.expander(), configuration.catalog(), output);
  return {};
}

}  // namespace postern::postconf
