#include "support/spawn/attributes.h"

#include <grp.h>

#include <array>
#include <optional>

#include "lib/base/text.h"

namespace postern::spawn {

namespace {

Result<gid_t> find_group(const std::string& name) {
  std::array<char, 65536> buffer;
  group entry{};
  group* found = nullptr;
  const int error = ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0) return fail_errno(concat("look up group ", name), error);
  if (found == nullptr) return fail(Errc::not_found, concat("unknown group: ", name));
  return found->gr_gid;
}

Result<void> refuse_ours(const daemon::Identity& identity, const config::CommonParams& params) {
  if (identity.uid == 0) return fail(Errc::denied, "user= names root");
  if (identity.gid == 0) return fail(Errc::denied, "user= names the group of root");
  const auto owner = daemon::find_identity(*params.mail_owner);
  if (!owner) return fail(owner.error());
  if (identity.uid == owner->uid) {
    return fail(Errc::denied, concat("user= names the owner of the mail system, ", *params.mail_owner));
  }
  if (identity.gid == owner->gid) {
    return fail(Errc::denied,
                concat("user= names the group of the owner of the mail system, ", *params.mail_owner));
  }
  const auto submitters = find_group(*params.setgid_group);
  if (submitters && identity.gid == *submitters) {
    return fail(Errc::denied, concat("user= names the group of the mail system, ", *params.setgid_group));
  }
  return {};
}

}  // namespace

Result<Attributes> parse_attributes(const std::vector<std::string>& words) {
  constexpr std::string_view kUser = "user=", kCommand = "argv=";
  Attributes attributes;
  for (std::size_t i = 0; i < words.size() && attributes.words.empty(); ++i) {
    const std::string& word = words[i];
    if (word.rfind(kUser, 0) == 0) {
      const std::size_t colon = word.find(':');
      attributes.user = word.substr(kUser.size(), colon == std::string::npos ? colon : colon - kUser.size());
      attributes.group = colon == std::string::npos ? "" : word.substr(colon + 1);
      if (attributes.user.empty() || (colon != std::string::npos && attributes.group.empty())) {
        return fail(Errc::invalid, concat("attribute user= needs USER or USER:GROUP, not \"", word, "\""));
      }
    } else if (word.rfind(kCommand, 0) == 0) {
      attributes.words.push_back(word.substr(kCommand.size()));
      attributes.words.insert(attributes.words.end(), words.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                              words.end());
    } else {
      return fail(Errc::invalid, concat("unknown attribute \"", word, "\""));
    }
  }
  if (attributes.user.empty()) return fail(Errc::invalid, "attribute user= is missing");
  if (attributes.words.empty() || attributes.words.front().empty()) {
    return fail(Errc::invalid, "attribute argv= is missing");
  }
  return attributes;
}

Result<daemon::Identity> identity_of(const Attributes& attributes, const config::CommonParams& params) {
  auto identity = daemon::find_identity(attributes.user);
  if (!identity) return identity;
  if (!attributes.group.empty()) {
    const auto gid = find_group(attributes.group);
    if (!gid) return fail(gid.error());
    identity->gid = *gid;
  }
  identity->groups = {identity->gid};
  auto allowed = refuse_ours(*identity, params);
  if (!allowed) return fail(allowed.error());
  return identity;
}

}  // namespace postern::spawn
