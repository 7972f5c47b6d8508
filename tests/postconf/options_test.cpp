// Options that are not Postfix's: what goes together, and what their answers look like.
#include "postconf/arguments.h"
#include "tests/postconf/postconf_fixture.h"

using namespace postern;
using postconf::Fixture;

TEST_CASE("options that do not go together are refused by name") {
  const struct {
    std::vector<std::string> arguments;
    std::string says;
  } rows[] = {
      {{"--origin", "biff=no"}, "--origin goes with no edit"},
      {{"-j", "biff=no"}, "specify one of -e -j"},
      {{"-X", "--uncomment", "biff"}, "specify one of -X --uncomment"},
      {{"-X", "--clone", "smtp/unix", "slow/unix"}, "specify one of -X --clone"},
      {{"--rename", "smtp/unix"}, "--rename requires two services: service_name/type service_name/type"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.arguments.front());
    const auto parsed = postconf::parse_arguments(row.arguments, "/a");
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().text == row.says);
  }
}

TEST_CASE("what an edit would make is judged in JSON too") {
  Fixture conf("compatibility_level = 3.6\n", "smtp inet n - n - - smtpd\n");
  const auto said = conf.says({"--check", "-j", "biff=perhaps"});
  CHECK(said.find("{\"severity\": \"error\", \"path\": \"") != said.npos);
  CHECK(said.find("bad boolean configuration: biff = perhaps") != said.npos);
  CHECK(conf.status == 1);
  CHECK(conf.text("main.cf") == "compatibility_level = 3.6\n");
}

TEST_CASE("a condition that ends too early says so") {
  Fixture conf("", "smtp inet n - n - - smtpd\n");
  CHECK(conf.says({"-M", "--where", "chroot=n and"}) ==
        "postconf: fatal: --where: expected NAME=PATTERN at the end of \"chroot=n and\"\n");
  CHECK(conf.says({"-M", "--where", "(=n"}) ==
        "postconf: fatal: --where: expected NAME=PATTERN at \"=n\" in \"(=n\"\n");
}

TEST_CASE("an edit of the history counts its lines as diff does") {
  Fixture conf("a = b\n");
  conf.says({"biff=no"});
  CHECK(conf.says({"--history", "1"}).ends_with("\n@@ -1,0 +2,1 @@\n+biff = no\n"));
  conf.says({"-X", "biff"});
  CHECK(conf.says({"--history", "2"}).ends_with("\n@@ -2,1 +1,0 @@\n-biff = no\n"));
}
