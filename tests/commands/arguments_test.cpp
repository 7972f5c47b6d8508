#include "commands/postern/arguments.h"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace postern;
using commands::Words;

TEST_CASE("the directory stands before or behind the verb, or in the environment") {
  ::unsetenv("MAIL_CONFIG");
  CHECK(commands::parse_arguments({"check"})->directory == "/etc/postern");
  CHECK(commands::parse_arguments({"-c", "/a", "check"})->directory == "/a");
  CHECK(commands::parse_arguments({"check", "-c", "/a"})->directory == "/a");
  ::setenv("MAIL_CONFIG", "/b", 1);
  CHECK(commands::parse_arguments({"check"})->directory == "/b");
  CHECK(commands::parse_arguments({"-c", "/a", "check"})->directory == "/a");
  ::unsetenv("MAIL_CONFIG");
}

TEST_CASE("the first word is the verb, the others are its own") {
  const auto arguments = commands::parse_arguments({"status", "--json", "qmgr/messages"});
  REQUIRE(arguments);
  CHECK(arguments->verb == "status");
  CHECK(arguments->words == std::vector<std::string>{"--json", "qmgr/messages"});
}

TEST_CASE("help and version have the usual options too") {
  for (const char* word : {"-h", "--help", "help"}) CHECK(commands::parse_arguments({word})->verb == "help");
  CHECK(commands::parse_arguments({"sandbox", "--help"})->verb == "help");
  CHECK(commands::parse_arguments({"--version"})->verb == "version");
}

TEST_CASE("a command line without a verb, or with half an option, is refused") {
  CHECK(commands::parse_arguments({}).error().kind == Errc::invalid);
  CHECK(commands::parse_arguments({"check", "-c"}).error().text == "option -c needs a value");
}

TEST_CASE("options are taken away one by one") {
  Words words({"--json", "--dir=/a", "word", "--dir", "/b", "-o", "a=b", "-o=c=d"});
  CHECK(words.flag("--json"));
  CHECK_FALSE(words.flag("--json"));
  CHECK(words.value("--dir")->value() == "/b");
  CHECK(*words.values("-o") == std::vector<std::string>{"a=b", "c=d"});
  CHECK_FALSE(words.value("--port")->has_value());
  CHECK(*words.rest(1) == std::vector<std::string>{"word"});
}

TEST_CASE("what nobody took is refused") {
  CHECK(Words({"--what"}).rest(5).error().text == "unknown option: --what");
  CHECK(Words({"a", "b"}).rest(1).error().text == "unexpected argument: b");
}
