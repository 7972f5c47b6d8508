#include "lib/control/rights.h"

#include <algorithm>
#include <optional>

#include "lib/base/text.h"

namespace postern::control {

namespace {

std::optional<std::uint64_t> number(const daemon::Row& process, std::string_view name) {
  const auto found = std::find_if(process.values.begin(), process.values.end(),
                                  [name](const auto& value) { return value.first == name; });
  if (found == process.values.end()) return std::nullopt;
  return found->second;
}

}  // namespace

std::string rights_of(const daemon::Row& process) {
  const auto calls = number(process, "jail_calls");  // the last one that is set
  if (!calls) return {};
  std::string words;
  const auto add = [&words](std::string_view word) { words += concat(words.empty() ? "" : ", ", word); };
  const auto landlock = number(process, "jail_landlock").value_or(0);
  if (number(process, "jail_user").value_or(0) != 0) add("another user");
  if (number(process, "jail_root").value_or(0) != 0) add("chroot");
  if (landlock != 0) add(concat("landlock ", landlock));
  if (*calls != 0) add("seccomp");
  if (landlock == 0 && *calls == 0) add("without jail");
  return words;
}

bool is_of_rights(std::string_view name) { return name.starts_with("jail_"); }

}  // namespace postern::control
