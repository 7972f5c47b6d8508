#include "commands/postern/arguments.h"

#include <algorithm>
#include <cstdlib>

#include "lib/base/text.h"
#include "lib/config/standards.h"
#include "lib/daemon/contract.h"

namespace postern::commands {

namespace {

std::string standard_directory() {
  if (const char* told = ::getenv(daemon::kConfigVariable)) return told;
  return std::string(config::standard_value("config_directory").value_or("/etc/postern"));
}

}  // namespace

Result<Arguments> parse_arguments(const std::vector<std::string>& words) {
  Arguments arguments;
  Words left(words);
  auto directory = left.value("-c");
  if (!directory) return fail(directory.error());
  // To `tls` it is an option with the name of a host, as in Postfix.
  const bool is_tls = !left.all().empty() && left.all().front() == "tls";
  if ((!is_tls && left.flag("-h")) || left.flag("--help")) {
    arguments.verb = "help";
    return arguments;
  }
  arguments.directory = directory->value_or(standard_directory());
  auto rest = left.all();
  if (rest.empty()) return fail(Errc::invalid, "say what to do: postern help lists the verbs");
  arguments.verb = rest.front() == "--version" ? "version" : rest.front();
  rest.erase(rest.begin());
  arguments.words = std::move(rest);
  return arguments;
}

bool Words::flag(std::string_view option) { return std::erase(words_, option) > 0; }

Result<std::vector<std::string>> Words::values(std::string_view option) {
  std::vector<std::string> found;
  const std::string joined = concat(option, "=");
  for (auto at = words_.begin(); at != words_.end();) {
    if (at->starts_with(joined)) {
      found.push_back(at->substr(joined.size()));
      at = words_.erase(at);
    } else if (*at == option) {
      if (at + 1 == words_.end()) return fail(Errc::invalid, concat("option ", option, " needs a value"));
      found.push_back(*(at + 1));
      at = words_.erase(at, at + 2);
    } else {
      ++at;
    }
  }
  return found;
}

Result<std::optional<std::string>> Words::value(std::string_view option) {
  auto all = values(option);
  if (!all) return fail(all.error());
  if (all->empty()) return std::nullopt;
  return all->back();
}

Result<std::vector<std::string>> Words::rest(std::size_t most) {
  for (const auto& word : words_) {
    if (word.starts_with("-")) return fail(Errc::invalid, concat("unknown option: ", word));
  }
  if (words_.size() > most) return fail(Errc::invalid, concat("unexpected argument: ", words_[most]));
  return words_;
}

}  // namespace postern::commands
