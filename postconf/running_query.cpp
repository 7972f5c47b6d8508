#include "postconf/running_query.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/control/status_pairs.h"
#include "postconf/pattern.h"

namespace postern::postconf {

namespace {

using control::PlacedPair;

// What a word stands for: the pairs whose name begins with parts that fit.
struct Wanted {
  std::string text;
  std::vector<Glob> parts;
  bool matched = false;

  bool fits(const PlacedPair& pair, const std::string& name) const {
    // The name of a service may have slashes of its own; then it is written as it is.
    if (name.starts_with(text) && (name.size() == text.size() || name[text.size()] == '/')) return true;
    if (parts.size() > pair.place.size() + 1) return false;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!parts[i].fits(i < pair.place.size() ? pair.place[i] : pair.pair.name)) return false;
    }
    return !parts.empty();
  }
};

Result<Wanted> parse_wanted(const std::string& word) {
  Wanted wanted{word, {}};
  for (const auto field : split_fields(word, '/')) {
    // Several slashes are one, as everywhere, but not at the start.
    if (field.empty() && !wanted.parts.empty()) continue;
    if (field.empty()) {
      return fail(Errc::invalid,
                  "-R option requires service_name[/type[/name]] or service_name/type/pid[/name]");
    }
    wanted.parts.emplace_back(field);
  }
  return wanted;
}

}  // namespace

Result<void> show_running(const Request& request, Output& output) {
  std::vector<Wanted> all;
  for (const std::string& word : request.step().words) {
    auto wanted = parse_wanted(word);
    if (!wanted) return fail(wanted.error());
    all.push_back(std::move(*wanted));
  }
  const auto system = control::MailSystem::find(request.directory);
  if (!system) return fail(system.error());
  const auto status = control::look(*system);
  if (!status) {
    output.missing = status.error().kind == Errc::not_found;
    return fail(status.error());
  }
  for (const PlacedPair& pair : control::all_pairs(*status)) {
    const std::string name = control::full_name(pair);
    bool is_wanted = all.empty();
    for (Wanted& wanted : all) {
      if (!wanted.fits(pair, name)) continue;
      is_wanted = wanted.matched = true;
    }
    if (is_wanted) output.line(setting_line(request, {}, name, pair.pair.value));
  }
  for (const Wanted& wanted : all) {
    if (wanted.matched) continue;
    output.missing = true;
    output.warn(concat("unmatched request: \"", wanted.text, "\""));
  }
  return {};
}

}  // namespace postern::postconf
