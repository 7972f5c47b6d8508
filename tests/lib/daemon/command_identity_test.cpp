#include "lib/daemon/command_identity.h"

#include <doctest/doctest.h>

using namespace postern;
using namespace postern::daemon;

namespace {

struct MailSystem {
  config::CommonParams params;
  MailSystem() {
    params.mail_owner.set("nobody");
    params.setgid_group.set("mail");
  }
  std::string why_not(const std::string& user, const std::string& group = "") const {
    const auto identity = identity_of({user, group, {"true"}}, params);
    return identity ? "" : identity.error().text;
  }
};

}  // namespace

TEST_CASE("root and the mail system itself run no commands") {
  const MailSystem system;
  CHECK(system.why_not("root") == "user= names root");
  CHECK(system.why_not("daemon", "root") == "user= names the group of root");
  CHECK(system.why_not("nobody") == "user= names the owner of the mail system, nobody");
  CHECK(system.why_not("daemon", "nogroup") ==
        "user= names the group of the owner of the mail system, nobody");
  CHECK(system.why_not("daemon", "mail") == "user= names the group of the mail system, mail");
  CHECK(system.why_not("no-such-user") == "unknown user: no-such-user");
  CHECK(system.why_not("daemon", "no-such-group") == "unknown group: no-such-group");
}

TEST_CASE("a command has one group, the one that is named") {
  const MailSystem system;
  const auto own = identity_of({"daemon", "", {"true"}}, system.params);
  REQUIRE(own);
  CHECK(own->groups == std::vector<gid_t>{own->gid});
  const auto other = identity_of({"daemon", "games", {"true"}}, system.params);
  REQUIRE(other);
  CHECK(other->uid == own->uid);
  CHECK(other->gid != own->gid);
  CHECK(other->groups == std::vector<gid_t>{other->gid});
}
