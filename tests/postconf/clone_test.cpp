// Services that an edit adds, renames and selects.
#include "tests/postconf/postconf_fixture.h"

using namespace postern;
using postconf::Fixture;

namespace {

const std::string kMaster =
    "smtp inet n - y - - smtpd\n    -o a=1\nsmtp unix - - n - - smtp\n    -o { b = 2 3 }\n";

}  // namespace

TEST_CASE("a clone has everything of the original") {
  Fixture conf("", kMaster);
  CHECK(conf.says({"--clone", "smtp/unix", "delay/unix", "-P", "delay/unix/a=x y"}) == "");
  CHECK(conf.text("master.cf") == kMaster +
                                      "delay      unix  -       -       n       -       -       smtp\n"
                                      "    -o {b=2 3}\n    -o {a=x y}\n");
  CHECK(conf.says({"--clone", "smtp/inet", "smtp/unix"}) ==
        "postconf: fatal: " + conf.path("master.cf") +
            ", line 3: service smtp/unix is there already, and is another one\n");
  CHECK(conf.says({"--clone", "none/unix", "x/unix"}) ==
        "postconf: fatal: there is no service none/unix to clone\n");
  CHECK(conf.says({"--clone", "smtp/unix", "*/unix"}).find("--clone and --rename require") !=
        std::string::npos);
  CHECK(conf.says({"--clone", "smtp/unix"}).find("--clone requires two services") != std::string::npos);
}

TEST_CASE("to clone again changes nothing") {
  Fixture conf("", kMaster);
  conf.says({"--clone", "smtp/unix", "delay/unix"});
  const auto before = conf.attributes("master.cf").st_ino;
  CHECK(conf.says({"--status", "--clone", "smtp/unix", "delay/unix"}) == "");
  CHECK(conf.status == 2);
  CHECK(conf.attributes("master.cf").st_ino == before);
}

TEST_CASE("a service gets another name, but none that another one has") {
  Fixture conf("", kMaster);
  CHECK(conf.says({"--rename", "smtp/inet", "2525/inet"}) == "");
  CHECK(conf.text("master.cf")
            .starts_with("2525       inet  n       -       y       -       -       smtpd\n    -o a=1\n"));
  CHECK(conf.says({"--rename", "smtp/unix", "2525/inet"}).find("service 2525/inet is there already") !=
        std::string::npos);
  CHECK(conf.status == 1);
}

TEST_CASE("no service gets a name that makes a comment of it") {
  const std::vector<std::vector<std::string>> edits = {{"--clone", "smtp/unix", "#x/unix"},
                                                       {"--rename", "smtp/unix", "#x/unix"},
                                                       {"-F", "smtp/unix/service=#x"},
                                                       {"-M", "x/unix=#x unix - - n - - smtp"}};
  for (const auto& edit : edits) {
    Fixture conf("", kMaster);
    CHECK(conf.says(edit).find("invalid service field \"#x\"") != std::string::npos);
    CHECK(conf.status == 1);
    CHECK(conf.text("master.cf") == kMaster);
  }
}

TEST_CASE("--create makes what a field or a setting needs") {
  Fixture conf("", kMaster);
  CHECK(conf.says({"--create", "-F", "new/unix/command=pipe", "new/unix/chroot=y"}) == "");
  CHECK(conf.text("master.cf") ==
        kMaster + "new        unix  -       -       y       -       -       pipe\n");
  CHECK(conf.says({"--create", "-P", "2525/inet/a=1"}) ==
        "postconf: warning: new service 2525/inet: no command was given; it is smtpd\n");
  CHECK(conf.says({"-F", "other/unix/chroot=y"}) ==
        "postconf: warning: unmatched service_name/type: \"other/unix/chroot=y\"\n");
}

TEST_CASE("--where selects, and what it leaves out is not made anew") {
  Fixture conf("", kMaster);
  CHECK(conf.says({"-Mj", "--where", "command=smtpd* and chroot=y"}).starts_with("{\"smtp/inet\": "));
  CHECK(conf.says({"-PH", "--where", "not (program=smtpd or chroot=y)"}).starts_with("smtp/unix/b\n"));
  CHECK(conf.says({"-PH", "--where", "b='2 3'"}).starts_with("smtp/unix/b\n"));
  CHECK(conf.says({"--where", "chroot=n", "-F", "*/*/wakeup=5"}) == "");
  CHECK(conf.says({"-Fh", "*/*/wakeup"}).starts_with("-\n5\n"));
  const auto text = conf.text("master.cf");
  conf.says({"--create", "--where", "chroot=n", "-F", "smtp/inet/wakeup=7"});
  conf.says({"--where", "chroot=n", "-M", "smtp/inet=smtp inet n - n - - smtpd"});
  CHECK(conf.text("master.cf") == text);
}

TEST_CASE("a condition that cannot be meant is refused") {
  Fixture conf("", kMaster);
  for (const std::string condition :
       {"", " ", "chroot", "chroot=y and", "(chroot=y", "chroot=y)", "chroot='y", "=y"}) {
    CAPTURE(condition);
    CHECK(conf.says({"--where", condition, "-F", "*/*/chroot=n"}).starts_with("postconf: fatal: --where: "));
    CHECK(conf.status == 1);
  }
  CHECK(conf.says({"--where", std::string(100, '('), "-M"}) ==
        "postconf: fatal: --where: too many parentheses\n");
  CHECK(conf.says({"--where", std::string(5000, 'a'), "-M"}) ==
        "postconf: fatal: --where: the condition is too long\n");
  CHECK(conf.says({"--where", "chroot=y", "biff=yes"}).find("--where goes with -M, -F, -P or -O") !=
        std::string::npos);
  CHECK(conf.text("master.cf") == kMaster);
}
