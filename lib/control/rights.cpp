#include "lib/control/rights.h"

#include <pwd.h>

#include <array>

#include "lib/daemon/confinement.h"

namespace postern::control {

namespace {

std::string name_of(uid_t user) {
  std::array<char, 4096> buffer;
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found);
  return found == nullptr ? std::to_string(user) : found->pw_name;
}

}  // namespace

std::string rights_of(const daemon::Row& process) {
  const auto confinement = daemon::confinement_from(process.values);
  return confinement ? daemon::rights_in_words(*confinement, name_of(confinement->user)) : "";
}

bool is_of_rights(std::string_view name) { return name.starts_with("jail_"); }

}  // namespace postern::control
