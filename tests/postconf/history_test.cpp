// --history and --undo.
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "postconf/history_text.h"
#include "tests/postconf/postconf_fixture.h"

using namespace postern;
using postconf::Fixture;

TEST_CASE("the history says who did what, in words for a shell") {
  Fixture conf("biff = no\n");
  conf.says({"biff=it's yes"});
  const auto said = conf.says({"--history"});
  CHECK(said.starts_with("1  20"));
  CHECK(said.ends_with("  postconf 'biff=it'\\''s yes'\n"));
  CHECK(conf.says({"--history", "1"}).find("@@ -1,1 +1,1 @@\n-biff = no\n+biff = it's yes\n") !=
        std::string::npos);
  CHECK((conf.attributes(".postconf.history").st_mode & 0777) == 0600);
  CHECK(conf.says({"--history", "2", "--status"}) == "postconf: fatal: there is no edit 2 in the history\n");
  CHECK(conf.status == 3);
}

TEST_CASE("undo after undo goes further back, through fifty edits") {
  Fixture conf("x = 0\n");
  for (int i = 1; i <= 51; ++i) conf.says({concat("x=", i)});
  for (int i = 50; i >= 1; --i) {
    REQUIRE(conf.says({"--undo"}) == "");
    CHECK(conf.text("main.cf") == concat("x = ", i, "\n"));
  }
  CHECK(conf.says({"--undo"}) == "postconf: fatal: the history has 0 edits to take back, not 1\n");
  CHECK(conf.says({"--undo", "--status"}) != "");
  CHECK(conf.status == 3);
}

TEST_CASE("an edit by hand elsewhere is no hindrance, at the same place it is") {
  Fixture conf("a = 1\nb = 2\n");
  conf.says({"b=3"});
  conf.write("main.cf", "# by hand\na = 1\nb = 3\n");
  CHECK(conf.says({"--undo"}) == "");
  CHECK(conf.text("main.cf") == "# by hand\na = 1\nb = 2\n");
  conf.says({"b=4"});
  conf.write("main.cf", "a = 1\nb = 5\n");
  CHECK(conf.says({"--undo"}).starts_with("postconf: fatal: edit 3 cannot be taken back: "));
  CHECK(conf.status == 1);
  CHECK(conf.text("main.cf") == "a = 1\nb = 5\n");
}

TEST_CASE("bytes that are no text come back") {
  Fixture conf("a = \xff\xfe\n");
  conf.says({"a=b"});
  CHECK(conf.says({"--undo"}) == "");
  CHECK(conf.text("main.cf") == "a = \xff\xfe\n");
}

TEST_CASE("a damaged line is passed over, and no number is given twice") {
  Fixture conf("a = 1\n");
  conf.says({"a=2"});
  conf.write(".postconf.history", conf.text(".postconf.history") + "{\"number\": x\n");
  conf.says({"a=3"});
  CHECK(conf.says({"--history"}).find("\n2  ") != std::string::npos);
  CHECK(conf.says({"--undo", "2"}) == "");
  CHECK(conf.text("main.cf") == "a = 1\n");
  for (const std::string line : {"", "{}", "[]", "1", "{\"number\": -1}", "{\"number\": 1, \"time\": 2}"}) {
    CHECK_FALSE(postconf::record_of(line));
  }
}

TEST_CASE("who may edit a file but not read the history edits it all the same") {
  if (::geteuid() != 0) return;  // nobody else may become somebody else
  Fixture conf("biff = no\n");
  conf.says({"biff=yes"});
  REQUIRE(::chmod(conf.path("").c_str(), 0777) == 0);
  REQUIRE(::chown(conf.path("main.cf").c_str(), 65534, 65534) == 0);
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    postconf::Output output;
    const bool dropped = ::setgid(65534) == 0 && ::setuid(65534) == 0;
    const int status = dropped ? postconf::run({"-c", conf.path(""), "biff=no"}, nullptr, output) : -1;
    const bool told =
        output.err == "postconf: warning: this edit is not in the history, which is not ours to write\n";
    ::_exit(status == 0 && told ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(conf.text("main.cf") == "biff = no\n");
}
