#include "lib/mail/status.h"

#include <doctest/doctest.h>

using namespace postern;
using mail::Dsn;
using mail::Status;

TEST_CASE("an enhanced code is read and written") {
  for (const std::string_view text : {"2.0.0", "4.7.1", "5.1.10", "5.999.999"}) {
    CAPTURE(text);
    const auto dsn = mail::parse_dsn(text);
    REQUIRE(dsn);
    CHECK(dsn->given());
    CHECK(dsn->text() == text);
  }
}

TEST_CASE("what is no enhanced code is refused") {
  for (const std::string_view text :
       {"", "5", "5.1", "5.1.", ".1.1", "5..1", "5.1.1.", "5.1.1.1", "3.0.0", "0.0.0", "5.01.1", "5.1.01",
        "5.1000.1", "5.1.1x", " 5.1.1", "5.1.-1", "5.1.1 "}) {
    CAPTURE(text);
    CHECK_FALSE(mail::parse_dsn(text));
  }
}

TEST_CASE("an enhanced code is taken off a reply text") {
  CHECK(mail::split_dsn("5.7.1  Go away").dsn == Dsn{5, 7, 1});
  CHECK(mail::split_dsn("5.7.1  Go away").rest == "Go away");
  CHECK(mail::split_dsn("5.7.1").rest == "");
  CHECK_FALSE(mail::split_dsn("5.7.1x away").dsn.given());
  CHECK(mail::split_dsn("5.7.1x away").rest == "5.7.1x away");
}

TEST_CASE("a status knows whether to try again") {
  CHECK(Status{250, {}, "x"}.ok());
  CHECK(Status{354, {}, "x"}.ok());
  CHECK(Status{451, {}, "x"}.temporary());
  CHECK(Status{550, {}, "x"}.permanent());
  CHECK_FALSE(Status{451, {}, "x"}.ok());
  CHECK_FALSE(Status{451, {}, "x"}.permanent());
  CHECK_FALSE(Status{550, {}, "x"}.temporary());
}

TEST_CASE("soft_bounce makes permanent statuses temporary and leaves the others") {
  CHECK(Status{550, {5, 1, 1}, "x"}.softened() == Status{450, {4, 1, 1}, "x"});
  CHECK(Status{250, {2, 0, 0}, "x"}.softened() == Status{250, {2, 0, 0}, "x"});
  CHECK(Status{450, {4, 0, 0}, "x"}.softened() == Status{450, {4, 0, 0}, "x"});
}

TEST_CASE("a cause stays out of the reply") {
  const auto status = mail::status::queue_error().because("write: No space left on device");
  CHECK(status.reply() == "451 4.3.0 Error: queue file write error");
  CHECK(status.cause == "write: No space left on device");
}

TEST_CASE("a status is made from what administrators write") {
  struct {
    std::string_view text, reply;
  } const cases[] = {
      {"550 5.7.1 Go away", "550 5.7.1 Go away"},
      {"550 Go away", "550 5.7.1 Go away"},
      {"5.1.1 No such user", "550 5.1.1 No such user"},
      {"4.7.1 Later", "450 4.7.1 Later"},
      {"450", "450 4.7.1 "},
      {"250 fine", "250 2.0.0 fine"},
      {"450 5.7.1 x", "450 4.7.1 x"},
      {" 554\t5.7.1\tx ", "554 5.7.1 x"},
      {"354 go", "354 go"},
  };
  for (const auto& row : cases) {
    const auto& [text, reply] = row;
    CAPTURE(row.text);
    const auto status = mail::parse_status(text);
    REQUIRE(status);
    CHECK(status->reply() == reply);
  }
  for (const std::string_view text :
       {"", "x", "REJECT", "5500 x", "55 x", "150 x", "650 x", "590 x", "550x"}) {
    CAPTURE(text);
    CHECK_FALSE(mail::parse_status(text));
  }
}

TEST_CASE("common statuses have the words that administrators know") {
  namespace status = mail::status;
  CHECK(status::queued("4AbC").reply() == "250 2.0.0 Ok: queued as 4AbC");
  CHECK(status::not_recognized().reply() == "500 5.5.2 Error: command not recognized");
  CHECK(status::syntax("DATA").reply() == "501 5.5.4 Syntax: DATA");
  CHECK(status::out_of_order("MAIL").reply() == "503 5.5.1 Error: need MAIL command");
  CHECK(status::timeout("mx").reply() == "421 4.4.2 mx Error: timeout exceeded");
  CHECK(status::bare_newline("mx", 550).reply() == "550 5.5.2 mx Error: bare <LF> received");
  CHECK(status::relay_denied("a@b").reply() == "554 5.7.1 <a@b>: Relay access denied");
  CHECK(status::unsupported_option(std::string(500, 'x')).text.size() < 200);
}
