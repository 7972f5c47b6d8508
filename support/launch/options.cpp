#include "support/launch/options.h"

#include "lib/base/text.h"
#include "lib/daemon/contract.h"

namespace postern::launch {

namespace {

constexpr int kLeast = daemon::kFirstListener;
constexpr int kMost = daemon::kFirstListener + static_cast<int>(daemon::kMostListeners) + 1;

Result<void> set_option(Options& options, const std::string& option, const std::string& value) {
  if (value.empty()) return fail(Errc::invalid, concat("option ", option, " has an empty value"));
  if (option == "-u") options.user = value;
  if (option == "-r") options.root = value;
  if (option != "-k") return {};
  const auto number = parse_number(value);
  if (!number || *number < kLeast || *number > kMost) {
    return fail(Errc::invalid, concat("bad number of descriptors: -k ", value));
  }
  options.keep = static_cast<int>(*number);
  return {};
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& words) {
  Options options;
  std::size_t at = 0;
  for (; at < words.size() && words[at] != "--"; at += 2) {
    const std::string& option = words[at];
    if (option != "-k" && option != "-u" && option != "-r") {
      return fail(Errc::invalid, concat("unknown option ", option));
    }
    if (at + 1 == words.size()) return fail(Errc::invalid, concat("option ", option, " needs a value"));
    auto set = set_option(options, option, words[at + 1]);
    if (!set) return fail(set.error());
  }
  if (options.keep == 0)
    return fail(Errc::invalid, "this program is started by master: option -k is missing");
  if (words.size() < at + 3) return fail(Errc::invalid, "no program to start");
  options.path = words[at + 1];
  options.words.assign(words.begin() + static_cast<std::ptrdiff_t>(at) + 2, words.end());
  return options;
}

}  // namespace postern::launch
