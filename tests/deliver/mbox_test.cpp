#include "deliver/common/mbox.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <utime.h>

#include "tests/deliver/like.h"
#include "tests/deliver/mailbox_fixture.h"

using namespace postern;
using namespace postern::deliver;

namespace {

void write_file(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

const std::string kMessage =
    "From sender@example.org  *\nDelivered-To: ann@example.com\nSubject: x\n\nbody\n\n";
// The date has 24 characters.
const std::size_t kSize = kMessage.size() - 1 + 24;

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("messages are appended, each with its From line and an empty line behind") {
  WriterFixture fixture;
  const auto path = fixture.directory.path("mbox");
  for (int i = 0; i < 2; ++i) {
    CHECK(fixture.deliver(fixture.delivery(path)) == "sent 2.0.0 delivered to mailbox");
  }
  CHECK(like(fixture.text_of(path), repeated(kMessage, 2)));
  CHECK(std::filesystem::file_size(path) == 2 * kSize);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK_FALSE(std::filesystem::exists(path + ".lock"));
}

TEST_CASE("many at once come one after the other") {
  WriterFixture fixture;
  const auto path = fixture.directory.path("mbox");
  std::vector<std::string> results(30);
  for (auto& result : results) fixture.scope.spawn(fixture.into(fixture.delivery(path), result));
  wait_until(fixture.loop, [&] { return fixture.scope.size() == 0; });
  for (const auto& result : results) CHECK(result == "sent 2.0.0 delivered to mailbox");
  CHECK(like(fixture.text_of(path), repeated(kMessage, 30)));
  CHECK(std::filesystem::file_size(path) == 30 * kSize);
}

TEST_CASE("a line that a crash cut off is ended first") {
  WriterFixture fixture;
  const auto path = fixture.directory.path("mbox");
  write_file(path, "From a  date\n\nhalf a li");
  CHECK(fixture.deliver(fixture.delivery(path)).starts_with("sent"));
  CHECK(like(fixture.text_of(path), "From a  date\n\nhalf a li\n" + kMessage));
}

TEST_CASE("a lock that somebody holds defers the delivery") {
  WriterFixture fixture;
  const auto path = fixture.directory.path("mbox");
  write_file(path, "old\n");
  const auto refused = "deferred 4.2.0 cannot update mailbox " + path +
                       " for user ann. unable to lock for exclusive access: " + path;
  SUBCASE("the kernel's") {
    const auto other = open_file(path, O_RDWR);
    REQUIRE(other);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    REQUIRE(::fcntl(other->get(), F_OFD_SETLK, &lock) == 0);
    CHECK(fixture.deliver(fixture.delivery(path)).starts_with(refused));
  }
  SUBCASE("a fresh lock file") {
    write_file(path + ".lock", "1\n");
    CHECK(fixture.deliver(fixture.delivery(path)) == refused + ": File exists");
    CHECK(std::filesystem::exists(path + ".lock"));
  }
  CHECK(fixture.text_of(path) == "old\n");
}

TEST_CASE("an old lock file does not count") {
  LockRules rules;
  rules.attempts = 2;
  rules.delay = config::Seconds(0);
  WriterFixture fixture(rules);
  const auto path = fixture.directory.path("mbox");
  write_file(path + ".lock", "1\n");
  const utimbuf old{1000, 1000};
  REQUIRE(::utime((path + ".lock").c_str(), &old) == 0);
  CHECK(fixture.deliver(fixture.delivery(path)).starts_with("sent"));
  CHECK_FALSE(std::filesystem::exists(path + ".lock"));
}

TEST_CASE("what is not the owner's plain file is not written to") {
  WriterFixture fixture;
  const auto path = fixture.directory.path("mbox");
  const auto target = fixture.directory.path("target");
  write_file(target, "");
  SUBCASE("a symbolic link") { std::filesystem::create_symlink(target, path); }
  SUBCASE("a second name") { std::filesystem::create_hard_link(target, path); }
  SUBCASE("a directory") { std::filesystem::create_directory(path); }
  SUBCASE("a pipe") { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }
  SUBCASE("a file of somebody else") {
    write_file(path, "");
    if (::geteuid() != 0 || ::chown(path.c_str(), 12345, 12345) != 0) return;
  }
  CHECK(fixture.deliver(fixture.delivery(path)).starts_with("deferred 4.2.0 cannot update mailbox "));
  CHECK(fixture.text_of(target).empty());
}

TEST_CASE("a mailbox at its limit bounces, and a failed write is undone") {
  WriterFixture fixture;
  const auto path = fixture.directory.path("mbox");
  const std::string old(10'000, '\n');
  write_file(path, old);
  auto limited = fixture.delivery(path);
  limited.limit = 10'010;
  CHECK(fixture.deliver(limited) == "bounced 5.2.2 cannot update mailbox " + path +
                                        " for user ann. error writing message: File too large");
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{20'000, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto result = fixture.deliver(fixture.delivery(path, std::string(50'000, 'x')));
  ::setrlimit(RLIMIT_FSIZE, &before);
  CHECK(result.starts_with("bounced 5.2.2"));
  CHECK(fixture.text_of(path) == old);
}

TEST_CASE("lock methods are read from their words") {
  const config::MailboxParams params;
  const auto both = read_lock_rules({"flock", "dotlock"}, params);
  REQUIRE(both);
  CHECK_FALSE(both->fcntl);
  CHECK(both->flock);
  CHECK(both->dotlock);
  CHECK(read_lock_rules({"lockf"}, params).error().text ==
        "unknown mailbox lock \"lockf\": expected fcntl, flock or dotlock");
}
