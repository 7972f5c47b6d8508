#include "lib/control/mail_system.h"

#include <doctest/doctest.h>

#include "lib/base/fd.h"
#include "tests/lib/base/temporary_directory.h"

using namespace postern;
using namespace postern::control;

namespace {

Result<MailSystem> found(const TemporaryDirectory& directory, const std::string& main_cf) {
  REQUIRE(replace_file(directory.path("main.cf"), main_cf, 0644));
  return MailSystem::find(directory.path());
}

}  // namespace

TEST_CASE("who only looks at what runs finds it by a main.cf that is broken") {
  const TemporaryDirectory directory;
  const std::string places = "base = /var\nqueue_directory = $base/spool\nprocess_id_directory =\n  run\n";
  for (const char* broken :
       {"this is no setting\n", "soft_bounce = perhaps\n", "inet_protocols = none at all\n"}) {
    CAPTURE(broken);
    for (const std::string& text : {places + broken, broken + places}) {
      const auto system = found(directory, text);
      REQUIRE(system);
      CHECK(system->scoreboard() == "/var/spool/run/scoreboard");
    }
  }
  CHECK(!MailSystem::open(directory.path()));
}

TEST_CASE("without a word on the queue directory it is the usual one") {
  const TemporaryDirectory directory;
  CHECK(found(directory, "")->scoreboard() == "/var/spool/postern/pid/scoreboard");
  CHECK(found(directory, "this is no setting\n")->scoreboard() == "/var/spool/postern/pid/scoreboard");
}

TEST_CASE("when it cannot be told where the queue directory is, what is wrong with main.cf is") {
  const TemporaryDirectory directory;
  const auto system = found(directory, "this is no setting\nqueue_directory = ${broken\n");
  REQUIRE(!system);
  CHECK(system.error().text.find("line 1: missing '='") != std::string::npos);
  CHECK(MailSystem::find(directory.path("nowhere")).error().kind == Errc::not_found);
}
