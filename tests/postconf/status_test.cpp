// --status, --if, --dry-run, --check and --origin: what an edit tells, and when it does not happen.
#include "tests/postconf/postconf_fixture.h"

using namespace postern;
using postconf::Fixture;

namespace {

const std::string kMain = "biff = no\n",
                  kMaster = "smtp       inet  n       -       y       -       -       smtpd\n";

}  // namespace

TEST_CASE("the exit status tells changed, unchanged and not found") {
  const std::pair<std::vector<std::string>, int> rows[] = {
      {{"biff=yes"}, 0},
      {{"biff=no"}, 2},
      {{"-X", "none"}, 3},
      {{"-F", "smtp/inet/chroot=y"}, 2},
      {{"-F", "a/unix/chroot=y"}, 3},
      {{"biff"}, 0},
      {{"no_such"}, 3},
      {{"biff=a\nb"}, 1},
      {{"-PX", "smtp/inet/none"}, 3},
      {{"-M", "a/unix"}, 3},
      {{"-F", "a/unix/chroot=y", "smtp/inet/chroot=maybe"}, 1}};
  for (const auto& row : rows) {
    const auto& words = row.first;
    Fixture conf(kMain, kMaster);
    auto all = words;
    all.insert(all.begin(), "--status");
    CAPTURE(words.back());
    conf.says(all);
    CHECK(conf.status == row.second);
  }
}

TEST_CASE("--if asks for the present value first") {
  Fixture conf(kMain, kMaster);
  CHECK(conf.says({"--status", "--if", "biff=yes", "biff=maybe"}) ==
        "postconf: warning: not changed: biff is \"no\", not \"yes\"\n");
  CHECK(conf.status == 2);
  CHECK(conf.says({"--if", "biff=no", "--if", "smtp/inet/chroot=y", "--if", "smtp/inet/verbose=0",
                   "biff=yes"}) == "");
  CHECK(conf.text("main.cf") == "biff = yes\n");
  CHECK(conf.says({"--if", "biff", "biff=no"}).starts_with("postconf: fatal: --if: missing '='"));
  CHECK(conf.says({"--if", "biff=no", "biff"}).find("--if goes with an edit") != std::string::npos);
}

TEST_CASE("several verbs and both files in one call happen together or not at all") {
  Fixture conf(kMain + "x = 1\n", kMaster);
  CHECK(conf.says({"biff=yes", "-X", "x", "-F", "smtp/inet/chroot=n", "-P", "smtp/inet/a=b c", "-O",
                   "smtp/inet/verbose=1"}) == "");
  CHECK(conf.text("main.cf") == "biff = yes\n");
  CHECK(conf.text("master.cf") ==
        "smtp       inet  n       -       n       -       -       smtpd -v\n    -o {a=b c}\n");
  const auto before = conf.text("master.cf");
  conf.says({"biff=no", "-F", "smtp/inet/chroot=maybe"});
  CHECK(conf.status == 1);
  CHECK(conf.text("main.cf") == "biff = yes\n");
  conf.says({"-F", "-X", "smtp/inet/chroot"});
  CHECK(conf.says({"-Fh", "smtp/inet/chroot"}).starts_with("-\n"));
}

TEST_CASE("--dry-run and --check write nothing") {
  Fixture conf(kMain, kMaster);
  CHECK(conf.says({"--dry-run", "biff=yes"}) == "--- " + conf.path("main.cf") + "\n+++ " +
                                                    conf.path("main.cf") +
                                                    "\n@@ -1 +1 @@\n-biff = no\n+biff = yes\n");
  conf.says({"--check", "biff=maybe"});
  CHECK(conf.status == 1);
  CHECK(conf.text("main.cf") == kMain);
  CHECK_FALSE(std::filesystem::exists(conf.path(".postconf.history")));
}

TEST_CASE("--origin names the line, the default or the override") {
  Fixture conf("# c\n" + kMain, kMaster + "    -o a=1\n    -o biff=yes\n");
  CHECK(conf.says({"--origin", "biff", "relayhost"})
            .starts_with(conf.path("main.cf") + ", line 2: biff = no\ndefault: relayhost =\n"));
  CHECK(conf.says({"--origin", "-o", "biff=x", "biff"}).starts_with("override: biff = x\n"));
  CHECK(conf.says({"--origin", "-P", "smtp/inet/biff"})
            .starts_with(conf.path("master.cf") + ", line 3: smtp/inet/biff = yes\n"));
}

TEST_CASE("--explain names what is known, and what is likely meant") {
  Fixture conf;
  CHECK(conf.says({"--explain", "biff"}).starts_with("biff\n    "));
  CHECK(conf.says({"--explain", "bif"}).find("bif: unknown parameter") != std::string::npos);
  CHECK(conf.says({"--explain"}) == "postconf: fatal: --explain requires the names of parameters\n");
}

TEST_CASE("options that do not go together are refused in one line") {
  const std::vector<std::string> lists[] = {{"--nonsense"},
                                            {"--apply"},
                                            {"--where"},
                                            {"--dry-run", "biff"},
                                            {"--create", "biff"},
                                            {"--undo", "x"},
                                            {"--undo", "0"},
                                            {"--history", "biff=yes"},
                                            {"--apply", "x", "biff=yes"},
                                            {"--reload", "--dry-run", "biff=yes"},
                                            {"--help=x"},
                                            {"--uncomment"},
                                            {"--clone", "a/unix"},
                                            {"-e", "-X", "biff"},
                                            {"--check", "biff"},
                                            {"-F", "--clone", "a/unix", "b/unix"},
                                            {"biff=yes", "-M", "smtp/inet"},
                                            {"--undo", "--explain", "biff"}};
  for (const auto& words : lists) {
    CAPTURE(words.front());
    Fixture conf(kMain, kMaster);
    const auto said = conf.says(words);
    CHECK(said.starts_with("postconf: fatal: "));
    CHECK(said.find('\n') == said.size() - 1);
    CHECK(conf.status == 1);
    CHECK(conf.text("main.cf") == kMain);
  }
}
