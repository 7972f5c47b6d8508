// Queries where ours is not the same as Postfix's, or where the comparison cannot look.
#include "postconf/arguments.h"
#include "tests/postconf/postconf_fixture.h"

using namespace postern;
using postconf::Fixture;

TEST_CASE("a quiet query has no remarks on unused and undefined names, but other warnings") {
  Fixture conf("zork = 1\nmyorigin = $nowhere\nbiff = no\nbiff = yes\n");
  CHECK(conf.says({"-qh", "biff"}) ==
        "yes\npostconf: warning: " + conf.path("main.cf") + ", line 4: overriding earlier entry: biff=no\n");
  const auto said = conf.says({"-h", "biff"});
  CHECK(said.find("unused parameter: zork=1\n") != said.npos);
  CHECK(said.find("undefined parameter: nowhere\n") != said.npos);
}

TEST_CASE("the variable MAIL_CONFIG names the directory, and -c another") {
  const auto by_variable = postconf::parse_arguments({"biff"}, "/a");
  REQUIRE(by_variable);
  CHECK(by_variable->directory == "/a");
  CHECK(by_variable->directory_named);
  CHECK(postconf::parse_arguments({"-c", "/b", "biff"}, "/a")->directory == "/b");
  const auto by_default = postconf::parse_arguments({"biff"}, nullptr);
  CHECK(by_default->directory == "/etc/postern");
  CHECK_FALSE(by_default->directory_named);
}

TEST_CASE("an override of the command line must be a setting") {
  const auto parsed = postconf::parse_arguments({"-o", "foo", "-n"}, nullptr);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().text == "invalid parameter override: foo: missing '=' after attribute name");
}

TEST_CASE("one bad value does not hide the others") {
  Fixture conf("myorigin = $myorigin\nbiff = no\n");
  CHECK(conf.says({"-h", "biff"}) == "no\n");
  const auto said = conf.says({"-x", "myorigin"});
  CHECK(said.find("warning: unreasonable macro call nesting") != said.npos);
  CHECK(said.find("fatal: macro processing error\n") != said.npos);
  CHECK(conf.status == 1);
}

TEST_CASE("the broken file of a table is a warning") {
  Fixture conf;
  conf.write("people.cf", "rubbish\n");
  conf.write("main.cf", "alias_maps = proxy:ldap:$config_directory/people.cf, mysql:/nowhere\nbiff = no\n");
  const auto said = conf.says({"-h", "biff"});
  const auto people = conf.path("people.cf");
  CHECK(said.find("warning: open \"ldap\" configuration \"" + people + "\": " + people +
                  ", line 1: missing '='") != said.npos);
  CHECK(said.find("warning: open \"mysql\" configuration \"/nowhere\": No such file or directory\n") !=
        said.npos);
  CHECK(conf.status == 0);
}

TEST_CASE("tables within tables are found, but not without end") {
  Fixture conf("alias_maps = pipemap:{hash:a, unionmap:{ldap:q}}\nq_domain = a\n");
  CHECK(conf.says({"-h", "biff"}) == "yes\n");
  conf.write("main.cf",
             "alias_maps = " + std::string(100000, '{') + "ldap:q" + std::string(100000, '}') + "\n");
  CHECK(conf.says({"-h", "biff"}) == "yes\n");
}

TEST_CASE("control characters of a file do not reach the terminal in warnings") {
  Fixture conf("zork = \x1b[2J\n");
  const auto said = conf.says({"-n", "biff"});
  CHECK(said.find("zork=?[2J") != said.npos);
}

TEST_CASE("the lists hold what this version can do") {
  Fixture conf;
  CHECK(conf.says({"-l"}) == "flock\nfcntl\ndotlock\n");
  const auto maps = conf.says({"-m"});
  CHECK(maps.find("static\n") != maps.npos);
  CHECK(maps.find("nis\n") == maps.npos);
  CHECK(conf.status == 0);
  conf.says({"-T", "bogus"});
  CHECK(conf.status == 1);
}

TEST_CASE("a service of ten thousand is found, and all of them are edited") {
  std::string master;
  for (int i = 0; i < 10000; ++i)
    master += "s" + std::to_string(i) + " unix - - n - - smtp -o smtp_bind_address=a\n";
  Fixture conf("", master);
  CHECK(conf.says({"-Fh", "s9999/unix/chroot"}) == "n\n");
  CHECK(conf.says({"-P", "*/*/biff=no"}) == "");
  const auto values = conf.says({"-Ph", "*/unix/biff"});
  CHECK(values.size() == 3 * 10000);
}
