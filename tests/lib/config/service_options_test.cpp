#include "lib/config/service_options.h"

#include <doctest/doctest.h>

using namespace postern;
using config::Service;

namespace {

Service service_of(const std::string& command) {
  auto service = config::parse_service("x unix - - n - - " + command);
  REQUIRE(service);
  return std::move(*service);
}

std::string shown(const Service& service) {
  std::string text;
  for (const auto& [name, value] : config::options_of(service)) text += name + "=" + value + "; ";
  return text;
}

std::string with(const std::string& command, std::string_view name, std::string_view value) {
  const auto changed = config::with_option(service_of(command), name, value);
  return changed ? config::command_line(*changed) : changed.error().text;
}

std::string without(const std::string& command, std::string_view name) {
  const auto changed = config::without_option(service_of(command), name);
  return changed ? config::command_line(*changed) : changed.error().text;
}

}  // namespace

TEST_CASE("options and arguments have names") {
  CHECK(shown(service_of("smtpd")) == "verbose=0; debug=n; ");
  CHECK(shown(service_of("smtpd -vv -D -o a=b -t 5 -c")) == "verbose=2; debug=y; option/t=5; option/c=; ");
  CHECK(shown(service_of("pipe flags=DR user=vmail argv=/bin/x f=1 {a b}")) ==
        "verbose=0; debug=n; argument/flags=DR; argument/user=vmail; argument/argv=/bin/x; argument/4=f=1; "
        "argument/5=a b; ");
}

TEST_CASE("an option gets another value, or goes") {
  CHECK(with("smtpd -o a=b", "verbose", "2") == "smtpd -v -v -o a=b");
  CHECK(with("smtpd -v", "verbose", "0") == "smtpd");
  CHECK(with("smtpd", "debug", "y") == "smtpd -D");
  CHECK(with("smtpd -t 5", "option/t", "a b") == "smtpd -t {a b}");
  CHECK(with("pipe user=a argv=/x", "argument/user", "b") == "pipe user=b argv=/x");
  CHECK(with("pipe user=a argv=/x", "argument/flags", "R") == "pipe user=a flags=R argv=/x");
  CHECK(with("pipe a", "argument/2", "b") == "pipe a b");
  CHECK(without("pipe a b c", "argument/2") == "pipe a c");
  CHECK(without("smtpd -vvD -t 5", "option/t") == "smtpd -v -v -D");
  CHECK(without("smtpd", "argument/user") == "smtpd");
}

TEST_CASE("what would be read as something else is refused") {
  CHECK(with("pipe", "verbose", "100") == "invalid verbose value \"100\"");
  CHECK(with("pipe", "verbose", "-1") == "invalid verbose value \"-1\"");
  CHECK(with("pipe", "debug", "yes") == "invalid debug value \"yes\"");
  CHECK(with("pipe a", "argument/3", "x") == "there is no argument 3: the next one is 2");
  CHECK(with("pipe a", "argument/1", "-v") ==
        "a word that begins with \"-\" would be read as an option in this place");
  CHECK(with("pipe a", "argument/1", "") == "invalid argument/1 value \"\"");
  CHECK(with("pipe a", "argument/1", "}{").find("syntax error after '}'") != std::string::npos);
  for (const char* name : {"", "x", "option/", "option/o", "option/v", "option/ab", "option/-", "argument/",
                           "argument/0", "argument/-1", "argument/a b", "verbose/x"}) {
    CAPTURE(name);
    CHECK_FALSE(config::is_option_name(name));
    CHECK_FALSE(config::with_option(service_of("x"), name, "1"));
  }
}
