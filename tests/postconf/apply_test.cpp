// --apply: JSON or lines, for both files, all of it or none.
#include "tests/postconf/postconf_fixture.h"

using namespace postern;
using postconf::Fixture;

namespace {

const std::string kMain = "biff=no\n", kMaster = "smtp inet n - y - - smtpd -o a=1 -o a=2\n";

// What --apply says about this text, after the name of the file.
std::string applied(Fixture& conf, const std::string& text) {
  conf.write("wanted", text);
  const auto said = conf.says({"--apply", conf.path("wanted")});
  const auto start = "postconf: fatal: " + conf.path("wanted");
  return said.starts_with(start) ? said.substr(start.size(), said.size() - start.size() - 1) : said;
}

}  // namespace

TEST_CASE("lines and JSON say the same") {
  for (const std::string text :
       {"# both files\nbiff = yes\nsmtp/inet/chroot = n\nsmtp/inet/verbose = 1\nsmtp/inet/a = b\n  c\n",
        R"({"biff": true} [{"smtp/inet/chroot": "n", "smtp/inet/verbose": 1, "smtp/inet/a": "b  c"}])",
        R"({"main.cf": {"biff": "yes"}, "master.cf": {"smtp/inet/chroot": "n", "smtp/inet/verbose": 1,
            "smtp/inet/a": "b  c"}})"}) {
    Fixture conf(kMain, kMaster);
    CHECK(applied(conf, text) == "");
    CHECK(conf.text("main.cf") == "biff = yes\n");
    CHECK(conf.text("master.cf") ==
          "smtp       inet  n       -       n       -       -       smtpd -v\n"
          "    -o {a=b  c}\n    -o {a=b  c}\n");
  }
}

TEST_CASE("what has its value already stays as it is written") {
  Fixture conf(kMain, kMaster);
  CHECK(
      applied(
          conf,
          R"({"biff": false, "smtp/inet/chroot": "y", "smtp/inet/a": 2, "smtp/inet": "smtp inet n - y - - smtpd -o a=1 -o a=2"})") ==
      "");
  CHECK(conf.text("main.cf") == kMain);
  CHECK(conf.text("master.cf") == kMaster);
  CHECK_FALSE(std::filesystem::exists(conf.path(".postconf.history")));
}

TEST_CASE("null removes, and what is not there is no mistake") {
  Fixture conf("biff = no\nrelayhost = x\n", kMaster);
  CHECK(applied(conf, R"({"none": null, "biff": null, "relayhost": "y"})") == "");
  CHECK(conf.text("main.cf") == "relayhost = y\n");
}

TEST_CASE("a number stays as it is written") {
  Fixture conf;
  CHECK(applied(conf, R"({"compatibility_level": 3.10, "x": 123456789012345678901234567890})") == "");
  CHECK(conf.text("main.cf") == "compatibility_level = 3.10\nx = 123456789012345678901234567890\n");
}

TEST_CASE("what cannot be applied is refused in one line, and nothing has happened") {
  const std::string not_a_value = ": expected a text, a number, true, false or null, not ";
  const std::pair<std::string, std::string> rows[] = {
      {"{\"biff\": 1}\n\n{\"x\": tru}", ", line 3: not JSON: "},
      {"{\"biff\": 1", ", line 1: not JSON: "},
      {"{\"biff\": \"\xff\"}", ", line 1: not JSON: "},
      {R"({"biff": 1e999})", ", line 1: not JSON: number overflow"},
      {R"({"biff": 1, "biff": 2})", ": biff: is there twice in one object"},
      {R"({"biff": "a\u0000b"})", ": biff: a value has no NUL byte"},
      {R"({"biff": "a\nb"})", ": biff: a value has no line break"},
      {R"({"biff": {"a": 1}})", ": biff" + not_a_value + "an object"},
      {R"({"main.cf": {"main.cf": {"a": 1}}})", ": main.cf" + not_a_value + "an object"},
      {R"({"biff": [1]})", ": biff" + not_a_value + "an array"},
      {R"([[{"biff": 1}]])", ": expected an object: an array within an array"},
      {R"([1])", ": expected an object, not \"1\""},
      {std::string(1000000, '['), ": expected an object: an array within an array"},
      {R"({"": 1})", ": bad name: \"\""},
      {R"({"a b": 1})", ": bad name: \"a b\""},
      {R"({"a\u0000": 1})", ": bad name: \"a?\""},
      {R"({"a/b/c/d/e": 1})", ": bad name: \"a/b/c/d/e\""},
      {"biff = yes\nrubbish\n", ", line 2: missing '=' after attribute name: \"rubbish\""},
      {"  biff = yes\n", ", line 1: logical line must not start with whitespace"},
      {std::string(3, '\0'), ", line 1: NUL byte in text"},
  };
  for (const auto& row : rows) {
    const auto &text = row.first, &says = row.second;
    CAPTURE(says);
    Fixture conf(kMain, kMaster);
    const auto said = applied(conf, text);
    CHECK(said.substr(0, says.size()) == says);
    CHECK(said.find('\n') == said.npos);
    CHECK(conf.status == 1);
    CHECK(conf.text("main.cf") == kMain);
    CHECK_FALSE(std::filesystem::exists(conf.path(".postconf.history")));
  }
}

TEST_CASE("one bad setting at the end is enough") {
  Fixture conf(kMain, kMaster);
  applied(conf, R"({"biff": true, "smtp/inet/chroot": "maybe"})");
  CHECK(conf.status == 1);
  CHECK(conf.text("main.cf") == kMain);
  applied(conf, R"({"biff": true, "none/inet/chroot": "y"})");
  CHECK(conf.status == 1);
  CHECK(conf.text("main.cf") == kMain);
}
