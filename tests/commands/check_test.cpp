#include "commands/postern/check.h"

#include <doctest/doctest.h>

#include "commands/postern/folded.h"

using namespace postern::commands;

TEST_CASE("programs that are part of others say where") {
  CHECK(folded_into("trivial-rewrite"));
  CHECK(folded_into("proxymap"));
  CHECK_FALSE(folded_into("smtpd"));
  CHECK(is_known_program("bounce"));
  CHECK_FALSE(is_known_program("bunce"));
}

TEST_CASE("what is installed has no error and no warning of its own") {
  const Findings findings = check(POSTERN_SOURCE "/conf");
  for (const auto& warning : findings.warnings) {
    const bool about_modes = warning.find("may write it") != std::string::npos;
    const bool not_built = warning.find("not started") != std::string::npos;
    CHECK_MESSAGE((about_modes || not_built), warning);
  }
  // The users and directories of an installed system need not be on this host.
  for (const auto& error : findings.errors)
    CHECK_MESSAGE(error.find("parameter ") != std::string::npos, error);
}

TEST_CASE("a directory that is not there is one error") {
  const Findings findings = check("/nonexistent");
  REQUIRE(findings.errors.size() == 1);
  CHECK(findings.errors[0] == "configuration directory /nonexistent: No such file or directory");
}
