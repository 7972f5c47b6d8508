// What -# hides, --uncomment brings back, in every name space.
#include "tests/postconf/postconf_fixture.h"

using namespace postern;
using postconf::Fixture;

TEST_CASE("what is commented out comes back") {
  const struct {
    std::string space, name, hidden;
  } rows[] = {{"-M", "smtp/inet", "#smtp inet n - y - - smtpd\n#  -o {a=1 2}\n"},
              {"-F", "smtp/inet/chroot",
               "#smtp/inet/chroot = y\nsmtp       inet  n       -       -       -       -       smtpd\n    "
               "-o {a=1 2}\n"},
              {"-P", "smtp/inet/a",
               "smtp       inet  n       -       y       -       -       smtpd\n#    -o {a=1 2}\n"}};
  for (const auto& [space, name, hidden] : rows) {
    Fixture conf("", "smtp inet n - y - - smtpd\n  -o {a=1 2}\n");
    const auto before = conf.says({"-M"});
    CHECK(conf.says({space, "-#", name}) == "");
    CHECK(conf.text("master.cf") == hidden);
    CHECK(conf.says({space, "--uncomment", name}) == "");
    CHECK(conf.says({"-M"}) == before);
  }
}

TEST_CASE("an argument comes back to its place") {
  Fixture conf("", "x unix - n n - - pipe flags=R user=a argv=/x\n");
  conf.says({"-O", "-#", "x/unix/argument/user"});
  CHECK(conf.text("master.cf") ==
        "#x/unix/argument/user = a\nx          unix  -       n       n       -       -       pipe flags=R "
        "argv=/x\n");
  conf.says({"-O", "--uncomment", "x/unix/argument/user"});
  CHECK(conf.text("master.cf") ==
        "x          unix  -       n       n       -       -       pipe flags=R user=a\n    argv=/x\n");
}

TEST_CASE("a commented setting of main.cf comes back, the last one, if none is in force") {
  Fixture conf("#biff = no\n#biff = yes\n#  more\n#relayhost = a\nrelayhost = b\n");
  CHECK(conf.says({"--uncomment", "biff"}) == "");
  CHECK(conf.text("main.cf") == "#biff = no\nbiff = yes\n  more\n#relayhost = a\nrelayhost = b\n");
  CHECK(conf.says({"--uncomment", "relayhost"}) ==
        "postconf: warning: " + conf.path("main.cf") + ", line 5: relayhost is set already\n");
  conf.says({"--status", "--uncomment", "none"});
  CHECK(conf.status == 3);
}

TEST_CASE("a comment that is no value of the field changes nothing") {
  for (const std::string value : {"1 2 evil", "", "x"}) {
    const auto text = "#smtp/inet/wakeup = " + value + "\nsmtp inet n - y - - smtpd\n";
    Fixture conf("", text);
    CHECK(
        conf.says({"-F", "--uncomment", "smtp/inet/wakeup"}).find("invalid wakeup field \"" + value + "\"") !=
        std::string::npos);
    CHECK(conf.status == 1);
    CHECK(conf.text("master.cf") == text);
  }
}
