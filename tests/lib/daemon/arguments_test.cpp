#include "lib/daemon/arguments.h"

#include <doctest/doctest.h>

using namespace postern;
using namespace postern::daemon;

TEST_CASE("what master says is read back") {
  Arguments told;
  told.service = "submission";
  told.type = "inet";
  told.limit = Arguments::Limit::one;
  told.unprivileged = told.chroot = true;
  told.verbose = 2;
  told.listeners = 3;
  told.overrides = {{"smtpd_tls_security_level", "encrypt"}, {"empty", ""}};
  const auto words = format_arguments(told, "smtpd", "yes");
  CHECK(words == std::vector<std::string>{"-l", "-n", "submission", "-t", "inet", "-u", "-c", "-v", "-v",
                                          "-o", "stress=yes", "-s", "3", "-o",
                                          "smtpd_tls_security_level=encrypt", "-o", "empty="});
  const auto read = parse_arguments(words, "smtpd");
  REQUIRE(read);
  CHECK(read->service == told.service);
  CHECK(read->type == told.type);
  CHECK(read->limit == told.limit);
  CHECK(read->unprivileged);
  CHECK(read->chroot);
  CHECK(read->verbose == 2);
  CHECK(read->listeners == 3);
  REQUIRE(read->overrides.size() == 3);
  CHECK(read->overrides[0] == std::pair<std::string, std::string>("stress", "yes"));
  CHECK(read->overrides[2].second.empty());
  CHECK(read->rest.empty());
}

TEST_CASE("options may stand together, be joined to their value, and end at the first other word") {
  const auto read = parse_arguments({"-zuvtunix", "-o", " name = a value ", "-m5", "flags=DR", "-v"}, "pipe");
  REQUIRE(read);
  CHECK(read->service == "pipe");
  CHECK(read->type == "unix");
  CHECK(read->limit == Arguments::Limit::none);
  CHECK(read->verbose == 1);
  CHECK(read->overrides ==
        std::vector<std::pair<std::string, std::string>>{{"name", "a value"}, {"max_use", "5"}});
  CHECK(read->rest == std::vector<std::string>{"flags=DR", "-v"});
}

TEST_CASE("two dashes end the options") {
  const auto read = parse_arguments({"-t", "inet", "--", "-o", "x"}, "smtpd");
  REQUIRE(read);
  CHECK(read->rest == std::vector<std::string>{"-o", "x"});
}

TEST_CASE("a wrong command line is refused, and the reason names the word") {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"-u"}, "-t"},
      {{"-t"}, "-t"},
      {{"-t", "inet", "-x"}, "-x"},
      {{"-t", "inet", "-o", "novalue"}, "novalue"},
      {{"-t", "inet", "-o", "=v"}, "=v"},
      {{"-t", "inet", "-s", "257"}, "257"},
      {{"-t", "inet", "-s", "-1"}, "-1"},
      {{"-t", "inet", "-s", ""}, "-s"}};
  for (const auto& [words, word] : cases) {
    const auto read = parse_arguments(words, "smtpd");
    REQUIRE(!read);
    CHECK(read.error().kind == Errc::invalid);
    CHECK_MESSAGE(read.error().text.find(word) != std::string::npos, read.error().text);
  }
}
