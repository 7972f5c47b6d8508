#include "lib/config/service_options.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/config/lines.h"
#include "lib/config/service_parts.h"

namespace postern::config {

namespace {

constexpr std::int64_t kMostVerbose = 99;
constexpr std::string_view kOption = "option/", kArgument = "argument/";

bool is_plain_name(std::string_view name) {
  return !name.empty() && !is_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_alnum(c) || c == '_' || c == '-'; }) &&
         name.front() != '-';
}

Failure invalid_value(std::string_view name, std::string_view value) {
  return fail(Errc::invalid, concat("invalid ", name, " value \"", shown(value), "\""));
}

// The options, each letter by itself: "-v", "-o n=v", "-t x", "--".
List options_apart(const Service& service) {
  List apart;
  const auto parts = canonical_options(service);
  for (std::size_t at = 0; at < parts.size(); ++at) {
    if (parts[at] == "--" || parts[at].starts_with("-o ")) {
      apart.push_back(parts[at]);
      continue;
    }
    // Letters up to one that takes a value, which is the rest of the word or the next one.
    const auto word = without_braces(parts[at]).value_or(parts[at]);
    const auto stop = std::min(word.find_first_of(kOptionsWithValue, 1), word.size());
    for (const char letter : word.substr(1, stop - 1)) apart.push_back(concat("-", letter));
    if (stop == word.size()) continue;
    const bool attached = stop + 1 < word.size();
    apart.push_back(concat("-", word[stop], " ", attached ? quoted(word.substr(stop + 1)) : parts[++at]));
  }
  return apart;
}

// "-t x" and "-t" are options of their own; -o, -v and -D have other names.
bool is_other_option(std::string_view part) {
  return part.size() > 1 && part != "--" && part[1] != 'o' && part[1] != 'v' && part[1] != 'D';
}

// The name of a word behind the options, empty when it has none. `named` says whether names still count.
std::string_view name_of_word(std::string_view word, bool& named) {
  const auto equals = word.find('=');
  if (!named || equals == word.npos || !is_plain_name(word.substr(0, equals))) return {};
  if (word.substr(0, equals) == "argv") named = false;
  return word.substr(0, equals);
}

// The name of each word: NAME or its number.
List names_of(const List& operands) {
  List names;
  bool named = true;
  for (const auto& word : operands) {
    const auto name = name_of_word(word, named);
    names.push_back(name.empty() ? std::to_string(names.size() + 1) : std::string(name));
  }
  return names;
}

Result<Service> with_verbose(const Service& service, std::int64_t times) {
  auto options = options_apart(service);
  const auto first = std::find(options.begin(), options.end(), "-v") - options.begin();
  const auto place = static_cast<std::size_t>(first) == options.size() ? 0 : first;
  std::erase(options, "-v");
  options.insert(options.begin() + place, static_cast<std::size_t>(times), "-v");
  return with_parts(service, options, service.operands);
}

Result<Service> with_debug(const Service& service, bool on) {
  auto options = options_apart(service);
  if (on == service.debug) return service;
  std::erase(options, "-D");
  if (on) options.insert(options.begin(), "-D");
  return with_parts(service, options, service.operands);
}

Result<Service> with_other(const Service& service, char letter, std::string_view value, bool there) {
  auto options = options_apart(service);
  const bool takes_value = kOptionsWithValue.find(letter) != std::string_view::npos;
  if (there && takes_value == value.empty()) return invalid_value(concat(kOption, letter), value);
  const auto is_it = [&](const std::string& part) { return is_other_option(part) && part[1] == letter; };
  const auto first = std::find_if(options.begin(), options.end(), is_it);
  const auto end = std::find(options.begin(), options.end(), "--");
  const auto place = (first == options.end() ? end : first) - options.begin();
  std::erase_if(options, is_it);
  if (there) {
    options.insert(options.begin() + place,
                   takes_value ? concat("-", letter, " ", quoted(std::string(value))) : concat("-", letter));
  }
  return with_parts(service, options, service.operands);
}

Result<Service> checked(const Service& service, const List& operands) {
  auto changed = with_parts(service, canonical_options(service), operands);
  if (changed && changed->operands != operands) {
    return fail(Errc::invalid, "a word that begins with \"-\" would be read as an option in this place");
  }
  return changed;
}

Result<Service> with_argument(const Service& service, std::string_view name, std::string_view value) {
  auto operands = service.operands;
  const auto names = names_of(operands);
  const bool named = is_plain_name(name);
  const auto word = named ? concat(name, "=", value) : std::string(value);
  if (word.empty()) return invalid_value(concat(kArgument, name), value);
  bool found = false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] != name) continue;
    operands[i] = word;
    found = true;
  }
  if (!found && !named && parse_number(name) != static_cast<std::int64_t>(operands.size() + 1)) {
    return fail(Errc::invalid,
                concat("there is no argument ", name, ": the next one is ", operands.size() + 1));
  }
  if (!found) {
    const auto argv = std::find(names.begin(), names.end(), "argv") - names.begin();
    operands.insert(named ? operands.begin() + argv : operands.end(), word);
  }
  return checked(service, operands);
}

Result<Service> without_argument(const Service& service, std::string_view name) {
  List operands;
  const auto names = names_of(service.operands);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] != name) operands.push_back(service.operands[i]);
  }
  if (operands.size() == names.size()) return service;
  return checked(service, operands);
}

}  // namespace

bool is_option_name(std::string_view name) {
  if (name == "verbose" || name == "debug") return true;
  if (name.starts_with(kOption)) {
    const auto letter = name.substr(kOption.size());
    return letter.size() == 1 && is_alnum(letter[0]) && is_other_option(concat("-", letter));
  }
  if (!name.starts_with(kArgument)) return false;
  const auto rest = name.substr(kArgument.size());
  return is_plain_name(rest) || parse_number(rest).value_or(0) > 0;
}

Pairs options_of(const Service& service) {
  Pairs pairs{{"verbose", std::to_string(service.verbose)}, {"debug", service.debug ? "y" : "n"}};
  for (const auto& part : options_apart(service)) {
    if (!is_other_option(part)) continue;
    const auto value =
        without_braces(part.size() > 3 ? std::string_view(part).substr(3) : std::string_view());
    pairs.emplace_back(concat(kOption, part[1]), value.value_or(part));
  }
  const auto names = names_of(service.operands);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool named = !is_digit(names[i].front());
    pairs.emplace_back(concat(kArgument, names[i]),
                       named ? service.operands[i].substr(names[i].size() + 1) : service.operands[i]);
  }
  return pairs;
}

Result<Service> with_option(const Service& service, std::string_view name, std::string_view value) {
  if (!is_option_name(name)) return fail(Errc::invalid, concat("invalid option name: \"", shown(name), "\""));
  if (name == "verbose") {
    const auto times = parse_number(value);
    if (!times || *times > kMostVerbose) return invalid_value(name, value);
    return with_verbose(service, *times);
  }
  if (name == "debug") {
    if (value != "y" && value != "n") return invalid_value(name, value);
    return with_debug(service, value == "y");
  }
  if (name.starts_with(kOption)) return with_other(service, name.back(), value, true);
  return with_argument(service, name.substr(kArgument.size()), value);
}

Result<Service> without_option(const Service& service, std::string_view name) {
  if (!is_option_name(name)) return fail(Errc::invalid, concat("invalid option name: \"", shown(name), "\""));
  if (name == "verbose") return with_verbose(service, 0);
  if (name == "debug") return with_debug(service, false);
  if (name.starts_with(kOption)) return with_other(service, name.back(), {}, false);
  return without_argument(service, name.substr(kArgument.size()));
}

}  // namespace postern::config
