#include "lib/daemon/confinement.h"

#include <linux/capability.h>

#include <algorithm>

#include "lib/base/text.h"

namespace postern::daemon {

namespace {

constexpr unsigned kCapabilityNumbers = 64;
constexpr std::string_view kRoot = "jail_root", kUserChanged = "jail_user", kLandlock = "jail_landlock",
                           kCalls = "jail_calls", kNoNewPrivileges = "jail_no_new_privs",
                           kCapabilities = "jail_capabilities", kUser = "jail_uid";

std::optional<std::uint64_t> number(const std::vector<NamedValue>& values, std::string_view name) {
  const auto found = std::find_if(values.begin(), values.end(),
                                  [name](const NamedValue& value) { return value.first == name; });
  if (found == values.end()) return std::nullopt;
  return found->second;
}

struct Named {
  unsigned number;
  const char* name;
};
constexpr Named kNames[] = {
    {CAP_CHOWN, "chown"},
    {CAP_DAC_OVERRIDE, "dac_override"},
    {CAP_DAC_READ_SEARCH, "dac_read_search"},
    {CAP_FOWNER, "fowner"},
    {CAP_FSETID, "fsetid"},
    {CAP_KILL, "kill"},
    {CAP_SETGID, "setgid"},
    {CAP_SETUID, "setuid"},
    {CAP_SETPCAP, "setpcap"},
    {CAP_NET_BIND_SERVICE, "net_bind_service"},
    {CAP_NET_ADMIN, "net_admin"},
    {CAP_NET_RAW, "net_raw"},
    {CAP_SYS_CHROOT, "sys_chroot"},
    {CAP_SYS_PTRACE, "sys_ptrace"},
    {CAP_SYS_ADMIN, "sys_admin"},
    {CAP_SYS_RESOURCE, "sys_resource"},
};

std::string name_of(unsigned number) {
  for (const Named& known : kNames) {
    if (known.number == number) return known.name;
  }
  return std::to_string(number);
}

}  // namespace

std::vector<NamedValue> values_of(const Confinement& confinement) {
  return {{std::string(kRoot), confinement.root_changed},
          {std::string(kUserChanged), confinement.user_changed},
          {std::string(kNoNewPrivileges), confinement.no_new_privileges},
          {std::string(kLandlock), static_cast<std::uint64_t>(confinement.landlock)},
          {std::string(kCalls), confinement.system_calls},
          {std::string(kCapabilities), confinement.capabilities},
          {std::string(kUser), confinement.user}};
}

std::optional<Confinement> confinement_from(const std::vector<NamedValue>& values) {
  const auto user = number(values, kUser);  // the last one that is set
  if (!user) return std::nullopt;
  Confinement found;
  found.root_changed = number(values, kRoot).value_or(0) != 0;
  found.user_changed = number(values, kUserChanged).value_or(0) != 0;
  found.no_new_privileges = number(values, kNoNewPrivileges).value_or(0) != 0;
  found.landlock = static_cast<int>(number(values, kLandlock).value_or(0));
  found.system_calls = number(values, kCalls).value_or(0) != 0;
  found.capabilities = number(values, kCapabilities).value_or(0);
  found.user = static_cast<uid_t>(*user);
  return found;
}

std::string rights_in_words(const Confinement& confinement, std::string_view user) {
  std::string words(user);
  const auto add = [&words](std::string_view word) { words += concat(words.empty() ? "" : ", ", word); };
  if (confinement.root_changed) add("chroot");
  if (confinement.no_new_privileges) add("no-new-privs");
  if (confinement.landlock > 0) add(concat("landlock ", confinement.landlock));
  if (confinement.system_calls) add("seccomp");
  const bool jailed = confinement.no_new_privileges || confinement.landlock > 0 || confinement.system_calls;
  if (!jailed) add("without jail");
  return words;
}

std::string capabilities_in_words(std::uint64_t set) {
  std::string words;
  for (unsigned number = 0; number < kCapabilityNumbers; ++number) {
    if ((set >> number & 1) != 0) words += concat(words.empty() ? "" : ", ", name_of(number));
  }
  return words.empty() ? "none" : words;
}

}  // namespace postern::daemon
