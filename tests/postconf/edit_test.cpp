// What the comparison with Postfix cannot show: where ours has better habits. The rest is in
// test_differential.py.
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "tests/postconf/postconf_fixture.h"

using namespace postern;
using postconf::Fixture;

TEST_CASE("an edit keeps the mode of the file and a symbolic link to it") {
  Fixture conf("biff = no\n");
  REQUIRE(::chmod(conf.path("main.cf").c_str(), 0640) == 0);
  REQUIRE(::rename(conf.path("main.cf").c_str(), conf.path("real.cf").c_str()) == 0);
  REQUIRE(::symlink("real.cf", conf.path("main.cf").c_str()) == 0);
  CHECK(conf.says({"-e", "biff=yes"}) == "");
  CHECK(conf.text("real.cf") == "biff = yes\n");
  CHECK(S_ISLNK(conf.attributes("main.cf").st_mode));
  CHECK((conf.attributes("real.cf").st_mode & 07777) == 0640);
}

TEST_CASE("an edit keeps the owner of the file") {
  if (::geteuid() != 0) return;  // nobody else may give files away
  Fixture conf("biff = no\n");
  REQUIRE(::chown(conf.path("main.cf").c_str(), 1234, 4321) == 0);
  CHECK(conf.says({"biff=yes"}) == "");
  CHECK(conf.text("main.cf") == "biff = yes\n");
  CHECK(conf.attributes("main.cf").st_uid == 1234);
  CHECK(conf.attributes("main.cf").st_gid == 4321);
}

TEST_CASE("an edit that changes nothing writes nothing, and none leaves a temporary file") {
  Fixture conf("biff = no\n", "smtp       inet  n       -       n       -       -       smtpd\n");
  const auto main = conf.attributes("main.cf").st_ino, master = conf.attributes("master.cf").st_ino;
  const std::vector<std::vector<std::string>> without_effect = {
      {"biff=no"},       {"-X", "nope"},        {"-#", "nope"}, {"-F", "smtp/inet/chroot=n"},
      {"-MX", "a/unix"}, {"-PX", "smtp/inet/x"}};
  for (const auto& arguments : without_effect) {
    conf.says(arguments);
    CHECK(conf.status == 0);
  }
  CHECK(conf.attributes("main.cf").st_ino == main);
  CHECK(conf.attributes("master.cf").st_ino == master);
  conf.says({"biff=yes"});
  CHECK(conf.attributes("main.cf").st_ino != main);
  CHECK_FALSE(std::filesystem::exists(conf.path("main.cf.tmp")));
  CHECK_FALSE(std::filesystem::exists(conf.path("master.cf.tmp")));
}

TEST_CASE("an edit after which no program could read the file is refused") {
  const std::string main = "biff = no\n", master = "smtp inet n - n - - smtpd -o a=b\n";
  const struct {
    std::vector<std::string> arguments;
    std::string says;
  } rows[] = {
      {{"-F", "smtp/inet/chroot="}, "invalid chroot field \"\" in \"\""},
      {{"-F", "smtp/inet/command="}, "invalid command field \"\" in \"\""},
      {{"-F", "smtp/inet/private=y"}, "invalid private field \"y\" in \"y\""},
      {{"-F", "smtp/inet/command=smtpd -o"}, "option -o without a value"},
      {{"-F", "smtp/inet/command=smtpd {a"}, "missing '}'"},
      {{"-P", "smtp/inet/a={"}, "missing '}'"},
      {{"-M", "a/inet=a inet y - n - - smtpd"}, "invalid private field \"y\""},
      {{"-M", "a/unix=../a unix - - n - - smtp"}, "invalid service field \"../a\""},
      {{"-e", "biff=a\nb"}, "-e, -X, or -# accepts no multi-line input"},
      {{"-M", "a/unix=a unix - - n - - smtp\nb"}, "-Me, -Fe, -Pe, -X, or -# accept no multi-line input"},
      {{"-e", "=x"}, "missing attribute name"},
  };
  for (const auto& row : rows) {
    Fixture conf(main, master);
    CAPTURE(row.arguments.back());
    const auto said = conf.says(row.arguments);
    CHECK(said.find(row.says) != said.npos);
    CHECK(conf.status == 1);
    CHECK(conf.text("main.cf") == main);
    CHECK(conf.text("master.cf") == master);
  }
}

TEST_CASE("a broken file can be repaired") {
  Fixture conf("biff = no\nrubbish\n", "a unix - -\nb unix - - n - - smtp\n");
  CHECK(conf.says({"biff=yes"}) == "");
  CHECK(conf.says({"-X", "rubbish"}) == "");
  CHECK(conf.text("main.cf") == "biff = yes\n");
  CHECK(conf.says({"-MX", "a/unix"}) == "");
  CHECK(conf.text("master.cf") == "b unix - - n - - smtp\n");
}

TEST_CASE("new names come last, sorted, behind a line that gets its missing end") {
  Fixture conf("biff = no");
  conf.says({"z=1", "a=2", "biff=yes", "m=3"});
  CHECK(conf.text("main.cf") == "biff = yes\na = 2\nm = 3\nz = 1\n");
  conf.write("main.cf", "biff = no");
  conf.says({"a=2"});
  CHECK(conf.text("main.cf") == "biff = no\na = 2\n");
}

TEST_CASE("who writes at the same time loses nothing") {
  constexpr int kWriters = 20;
  Fixture conf("biff = no\n");
  for (int i = 0; i < kWriters; ++i) {
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child > 0) continue;
    postconf::Output output;
    ::_exit(postconf::run({"-c", conf.path(""), concat("name", i, "=", i)}, nullptr, output));
  }
  for (int i = 0; i < kWriters; ++i) {
    int status = -1;
    REQUIRE(::wait(&status) > 0);
    CHECK(status == 0);
  }
  const auto text = conf.text("main.cf");
  for (int i = 0; i < kWriters; ++i) CHECK(text.find(concat("name", i, " = ", i, "\n")) != text.npos);
}

TEST_CASE("what a killed writer left behind is no hindrance") {
  Fixture conf("biff = no\n");
  conf.write("main.cf.tmp", std::string(10000, 'x'));
  CHECK(conf.says({"biff=yes"}) == "");
  CHECK(conf.text("main.cf") == "biff = yes\n");
  REQUIRE(::symlink("/etc/passwd", conf.path("main.cf.tmp").c_str()) == 0);
  conf.says({"biff=no"});
  CHECK(conf.status == 1);
  CHECK(conf.text("main.cf") == "biff = yes\n");
}
