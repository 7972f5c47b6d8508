#include "lib/wire/format.h"

#include <doctest/doctest.h>

using namespace postern;

namespace {

// Parses a line and writes it again.
std::string rewritten(std::string_view line) {
  CAPTURE(line);
  const auto command = wire::parse_command(line);
  REQUIRE(command);
  if (const auto* mail = std::get_if<wire::Mail>(&*command)) return wire::format_command(*mail);
  if (const auto* rcpt = std::get_if<wire::Rcpt>(&*command)) return wire::format_command(*rcpt);
  return wire::format_command(std::get<wire::Bdat>(*command));
}

}  // namespace

TEST_CASE("commands are written as they were read") {
  for (const std::string_view line : {
           "MAIL FROM:<>",
           "MAIL FROM:<ann@example.com>",
           "MAIL FROM:<\"a b\"@example.com> SIZE=10",
           "MAIL FROM:<a@b> SIZE=9223372036854775807 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb "
           "AUTH=e+3Dmc2@x",
           "MAIL FROM:<a@b> BODY=7BIT RET=FULL AUTH=<>",
           "RCPT TO:<bob@example.org>",
           "RCPT TO:<postmaster>",
           "RCPT TO:<a@b> NOTIFY=NEVER",
           "RCPT TO:<a@b> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+2Bb@x",
           "RCPT TO:<a@b> NOTIFY=FAILURE",
           "BDAT 0 LAST",
           "BDAT 1000",
       }) {
    CHECK(rewritten(line) == line);
  }
}

TEST_CASE("commands are written in their proper form") {
  CHECK(rewritten("mail from: ann@example.com size=007") == "MAIL FROM:<ann@example.com> SIZE=7");
  CHECK(rewritten("rcpt to:<@r:\"bob\"@x.>") == "RCPT TO:<bob@x>");
  wire::Rcpt rcpt;
  rcpt.address = {"a", "b"};
  rcpt.orcpt = "a=b";
  CHECK(wire::format_command(rcpt) == "RCPT TO:<a@b> ORCPT=rfc822;a+3Db");
}
