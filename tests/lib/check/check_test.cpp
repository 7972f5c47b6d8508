#include "lib/check/check.h"

#include "tests/lib/check/fixture.h"

using namespace postern;
using namespace postern::check;

TEST_CASE("a good configuration has no finding") {
  const System system;
  CHECK(system.judge("") == Lines{});
  CHECK(system.notes("") == Lines{});
}

TEST_CASE("what is installed has no error and no warning of its own") {
  const auto subject = read_subject(POSTERN_SOURCE "/conf");
  REQUIRE(subject);
  for (const auto& finding : check::check(*subject)) {
    const std::string text = text_of(finding);
    CAPTURE(text);
    // The users and directories of an installed system need not be on this host.
    const bool about_host = finding.text.find("parameter ") == 0 || text.find("may write it") != text.npos;
    const bool not_built = text.find("not started") != text.npos;
    CHECK((about_host || not_built || finding.severity == Severity::note));
  }
}

TEST_CASE("a directory that is not there is an error that names it") {
  const auto subject = read_subject("/nonexistent");
  REQUIRE_FALSE(subject);
  CHECK(subject.error().text == "configuration directory /nonexistent: No such file or directory");
}

TEST_CASE("a directory without master.cf is an error that names the file") {
  const System system;
  system.write("main.cf", "");
  const auto subject = read_subject(system.path(""));
  REQUIRE_FALSE(subject);
  CHECK(subject.error().text.find("/master.cf: No such file or directory") != std::string::npos);
}

TEST_CASE("both files are read as they are") {
  const System system;
  system.write("main.cf", "a = 1");
  system.write("master.cf", "# nothing\n");
  const auto subject =
      read_subject(system.path("../") + system.path("").substr(system.path("../").find("/..")));
  const auto plain = read_subject(system.path(""));
  REQUIRE(plain);
  CHECK(plain->main_cf == "a = 1");
  CHECK(plain->master_cf == "# nothing\n");
  CHECK(plain->directory == system.path("").substr(0, system.path("").size() - 1));
}

TEST_CASE("a finding as text and as JSON") {
  const Finding finding{Severity::warning, "/etc/main.cf", 3, "x \"y\"", "x"};
  CHECK(text_of(finding) == "/etc/main.cf, line 3: x \"y\"");
  CHECK(text_of({Severity::note, "/etc/main.cf", 0, "x"}) == "/etc/main.cf: x");
  CHECK(text_of({Severity::error, "", 0, "x"}) == "x");
  CHECK(json_of(finding) ==
        R"({"severity": "warning", "path": "/etc/main.cf", "line": 3, "text": "x \"y\"", "name": "x"})");
}

TEST_CASE("the text of an error is taken apart into place and rest") {
  const auto place = [](std::string_view text) {
    const auto finding = located(Severity::error, "/m", text);
    return concat(finding.line, "|", finding.text);
  };
  CHECK(place("/m, line 12: bad: x") == "12|bad: x");
  CHECK(place("/m: too large") == "0|too large");
  CHECK(place("other: x") == "0|other: x");
  CHECK(place("/m, line x: y") == "0|/m, line x: y");
}

TEST_CASE("findings stand in the order of the files and their lines") {
  const System system;
  CHECK(system.judge("max_idle = soon\n\nsmtpd_bannr = x\nmax_use = much\n", "x unix - - n - - y\n") ==
        Lines{"error main.cf:1 bad time configuration: max_idle = soon: bad time value or unit",
              "warning main.cf:3 unknown parameter smtpd_bannr: did you mean smtpd_banner?",
              "error main.cf:4 bad numerical configuration: max_use = much: not a number",
              "warning master.cf:1 service x: cannot run: DIR/programs/y: No such file or directory"});
}

// What grew with the square of the services would not end within the time limit of the tests.
TEST_CASE("twenty thousand services are judged") {
  const System system;
  std::string services(kGoodServices);
  for (int i = 0; i < 10'000; ++i) {
    services += concat("s", i, " unix - - n - - smtp\n -o smtpd_timeout=5s -o syslog_name=x/$service_name\n",
                       " -o smtp_helo_timuot=", i, "\n127.1.", i / 250, ".", i % 250 + 1,
                       ":2525 inet n - n - - smtpd\n -o content_filter=s", i, ":\n");
  }
  const auto subject = system.subject("", services);
  CHECK(check::check(subject).size() >= 10'000);
}
