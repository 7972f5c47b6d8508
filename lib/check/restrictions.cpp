#include "lib/config/restrictions.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/check/configuration.h"
#include "lib/config/lines.h"

namespace postern::check {

namespace {

using config::Argument;

constexpr std::string_view kOptionWords[] = {"no_unknown_recipient_checks", "no_address_mappings",
                                             "no_header_body_checks", "no_milters"};

// A group { check_client_access hash:/x } is its words; what belongs to one word stays whole.
config::List without_groups(const config::List& words) {
  config::List flat;
  for (const auto& word : words) {
    const bool is_argument = !flat.empty() && flat.back() == "check_policy_service";
    const auto inside = config::without_braces(word);
    const auto parts = inside ? config::split_braced(*inside, config::kListSeparators) : config::List{word};
    if (word.starts_with('{') && parts && !is_argument) {
      flat.insert(flat.end(), parts->begin(), parts->end());
    } else {
      flat.push_back(word);
    }
  }
  return flat;
}

bool is_table(std::string_view word) {
  const auto colon = word.find(':');
  return colon != word.npos && colon > 0 &&
         std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(colon), is_alpha);
}

class RestrictionCheck {
 public:
  RestrictionCheck(Configuration& configuration, const Setting& setting, const config::List& classes)
      : configuration_(configuration), setting_(setting), classes_(classes) {}

  void run(const config::List& words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      const auto* known = config::find_restriction(words[i]);
      if (known == nullptr) {
        if (!is_class(words[i])) check_unknown(words[i]);
        continue;
      }
      if (!known->is_here) {
        warn(concat(known->name, " is not part of this version: smtpd answers 451 where it stands"));
      }
      if (known->argument == Argument::none) continue;
      if (++i == words.size()) return warn(concat("nothing stands behind ", known->name));
      if (known->argument == Argument::table) {
        check_table(configuration_, setting_, words[i], Severity::warning, true);
      }
      if (known->argument == Argument::service) check_socket(configuration_, setting_, words[i]);
    }
  }

 private:
  bool is_class(std::string_view word) const {
    return std::find(classes_.begin(), classes_.end(), word) != classes_.end();
  }

  void check_unknown(const std::string& word) {
    if (is_table(word)) return check_table(configuration_, setting_, word, Severity::warning, true);
    config::Likely likely(word);
    for (const auto& one : config::restriction_words()) likely.offer(one.name);
    for (const auto& one : classes_) likely.offer(one);
    warn(concat("unknown smtpd restriction: \"", config::shown(word), "\"", likely.question()));
  }

  void warn(const std::string& text) {
    configuration_.about(Severity::warning, setting_, concat(setting_.name, ": ", text));
  }

  Configuration& configuration_;
  const Setting& setting_;
  const config::List& classes_;
};

// screen goes on without the rest of a list in which such a word stands.
void check_access_list(Configuration& configuration, const Setting& setting, const config::List& words) {
  constexpr std::string_view kWords[] = {"permit_mynetworks", "permit", "reject", "dunno"};
  for (const auto& word : words) {
    const auto is_same = [&](std::string_view one) { return iequals(one, word); };
    if (std::any_of(std::begin(kWords), std::end(kWords), is_same)) continue;
    if (word.find(':') != word.npos) {
      check_table(configuration, setting, word, Severity::warning, true);
      continue;
    }
    config::Likely likely(word);
    for (const auto known : kWords) likely.offer(known);
    configuration.about(Severity::warning, setting,
                        concat(setting.name, ": unknown command: ", config::shown(word), likely.question(),
                               "; screen ignores it and what stands behind it"));
  }
}

config::List words_of(const config::Settings& settings, std::string_view name) {
  const auto value = settings.value(name);
  if (!value) return {};
  return config::split_braced(*value, config::kListSeparators).value_or(config::List());
}

void check_options(Configuration& configuration, const Setting& setting, const config::List& words) {
  for (const auto& word : words) {
    if (std::find(std::begin(kOptionWords), std::end(kOptionWords), word) != std::end(kOptionWords)) continue;
    config::Likely likely(word);
    for (const auto option : kOptionWords) likely.offer(option);
    configuration.about(Severity::warning, setting,
                        concat(setting.name, ": unknown option: ", config::shown(word), likely.question()));
  }
}

}  // namespace

void check_restrictions(Configuration& configuration, const Setting& setting,
                        const config::Settings& settings) {
  if (setting.name == "receive_override_options") {
    return check_options(configuration, setting, words_of(settings, setting.name));
  }
  if (setting.name == "postscreen_access_list") {
    return check_access_list(configuration, setting, words_of(settings, setting.name));
  }
  const bool is_list = setting.name.starts_with("smtpd_") && setting.name.ends_with("_restrictions");
  const bool is_other = configuration.find_param(setting.name) != nullptr;
  if (!is_list && is_other) return;
  const auto classes = words_of(settings, "smtpd_restriction_classes");
  const bool is_class = std::find(classes.begin(), classes.end(), setting.name) != classes.end();
  if (!is_list && !is_class) return;
  RestrictionCheck(configuration, setting, classes).run(without_groups(words_of(settings, setting.name)));
}

}  // namespace postern::check
