#include "support/spawn/attributes.h"

#include <doctest/doctest.h>

using namespace postern;
using namespace postern::spawn;

namespace {

std::string why_not(const std::vector<std::string>& words) {
  const auto attributes = parse_attributes(words);
  return attributes ? "" : attributes.error().text;
}

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

TEST_CASE("user= and argv= say whom the command runs as and what it is") {
  const auto plain = parse_attributes({"user=ann", "argv=/usr/bin/policy"});
  REQUIRE(plain);
  CHECK(plain->user == "ann");
  CHECK(plain->group.empty());
  CHECK(plain->words == std::vector<std::string>{"/usr/bin/policy"});

  const auto full =
      parse_attributes({"user=ann:staff", "argv=policy", "-v", "user=root", "argv=x", "two words"});
  REQUIRE(full);
  CHECK(full->group == "staff");
  CHECK(full->words == std::vector<std::string>{"policy", "-v", "user=root", "argv=x", "two words"});
}

TEST_CASE("what is missing or unknown is named") {
  CHECK(why_not({}) == "attribute user= is missing");
  CHECK(why_not({"argv=true"}) == "attribute user= is missing");
  CHECK(why_not({"user=ann"}) == "attribute argv= is missing");
  CHECK(why_not({"user=ann", "argv="}) == "attribute argv= is missing");
  CHECK(why_not({"user=", "argv=true"}) == "attribute user= needs USER or USER:GROUP, not \"user=\"");
  CHECK(why_not({"user=ann:", "argv=true"}) == "attribute user= needs USER or USER:GROUP, not \"user=ann:\"");
  CHECK(why_not({"user=ann", "flags=R", "argv=true"}) == "unknown attribute \"flags=R\"");
}

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
