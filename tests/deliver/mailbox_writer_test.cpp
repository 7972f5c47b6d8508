#include "deliver/common/mailbox_writer.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/deliver/like.h"
#include "tests/deliver/mailbox_fixture.h"

using namespace postern;
using namespace postern::deliver;

namespace {

// While it lives, files of this process cannot grow beyond a size.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileLimit() { ::setrlimit(RLIMIT_FSIZE, &old_); }

 private:
  rlimit old_{};
};

std::string kilobytes(std::size_t count) {
  return "Subject: big\n\n" + std::string(count * 1024, 'x') + "\n";
}

long peak_memory_kib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// A file of so many MiB, and its descriptor for reading; its offset is at 5.
Fd spool_file(const std::string& path, int mebibytes) {
  auto out = open_file(path, O_WRONLY | O_CREAT);
  REQUIRE(out);
  std::string block;
  while (block.size() < 1u << 20)
    block += "From the beginning of a line to its end there are 64 characters\n";
  for (int i = 0; i < mebibytes; ++i) REQUIRE(write_all(out->get(), block, "spool"));
  auto in = open_file(path, O_RDONLY);
  REQUIRE(in);
  REQUIRE(::lseek(in->get(), 5, SEEK_SET) == 5);
  return std::move(*in);
}

MailboxDelivery large(const WriterFixture& fixture, const std::string& path, int mebibytes) {
  ipc::Deliver message;
  message.content = "Subject: large\n\n";
  message.spool = spool_file(fixture.directory.path("spool"), mebibytes);
  auto delivery = fixture.delivery(path);
  delivery.message = std::make_shared<const ipc::Deliver>(std::move(message));
  return delivery;
}

}  // namespace

TEST_CASE("a message lies in new, under a unique name, with its head in front") {
  WriterFixture fixture;
  const auto base = fixture.directory.path("domain/ann");
  CHECK(fixture.deliver(fixture.delivery(base + "/")) == "sent 2.0.0 delivered to maildir");
  const auto found = fixture.files(base + "/new");
  REQUIRE(found.size() == 1);
  CHECK(like(found[0], "*/new/*.V*I*M*.mx.example.com"));
  CHECK(found[0].find_first_not_of("0123456789", found[0].rfind('/') + 1) == found[0].find(".V"));
  CHECK(fixture.text_of(found[0]) == "Delivered-To: ann@example.com\nSubject: x\n\nbody\n");
  struct stat status {};
  REQUIRE(::stat(found[0].c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  for (const auto* name : {"/tmp", "/cur", ""}) {
    REQUIRE(::stat((base + name).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0700);
  }
  CHECK(fixture.files(base + "/tmp").empty());
}

TEST_CASE("of two hundred deliveries at once none is reported before its file is in new") {
  WriterFixture fixture;
  std::vector<std::string> results(200);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto path = fixture.directory.path("box" + std::to_string(i % 3)) + "/";
    fixture.scope.spawn(
        fixture.into(fixture.delivery(path, "Subject: " + std::to_string(i) + "\n\n"), results[i]));
  }
  wait_until(fixture.loop, [&] {
    const auto reported = std::count_if(results.begin(), results.end(), [](auto& r) { return !r.empty(); });
    std::size_t there = 0;
    for (const auto* box : {"box0/new", "box1/new", "box2/new"}) {
      const auto path = fixture.directory.path(box);
      if (std::filesystem::exists(path)) there += fixture.files(path).size();
    }
    CHECK(there >= static_cast<std::size_t>(reported));
    return there == results.size() && reported == 200;
  });
  for (const auto& result : results) CHECK(result == "sent 2.0.0 delivered to maildir");
  CHECK(fixture.files(fixture.directory.path("box0/new")).size() == 67);
  CHECK(fixture.files(fixture.directory.path("box0/tmp")).empty());
}

TEST_CASE("a maildir that was removed is made again") {
  WriterFixture fixture;
  const auto base = fixture.directory.path("box");
  CHECK(fixture.deliver(fixture.delivery(base + "/")).starts_with("sent"));
  std::filesystem::remove_all(base);
  CHECK(fixture.deliver(fixture.delivery(base + "/")).starts_with("sent"));
  CHECK(fixture.files(base + "/new").size() == 1);
}

TEST_CASE("a message beyond the limit is refused for good, one that cannot be written leaves nothing") {
  WriterFixture fixture;
  const auto base = fixture.directory.path("box");
  auto limited = fixture.delivery(base + "/", kilobytes(64));
  limited.limit = 65536;
  CHECK(fixture.deliver(limited) ==
        "bounced 5.2.2 maildir delivery failed: error writing message: File too large");
  {
    const FileLimit limit(32 * 1024);
    CHECK(fixture.deliver(fixture.delivery(base + "/", kilobytes(64)))
              .starts_with("bounced 5.2.2 maildir delivery"));
  }
  CHECK(fixture.deliver(fixture.delivery(base + "/", kilobytes(64))).starts_with("sent"));
  CHECK(fixture.files(base + "/new").size() == 1);
  CHECK(fixture.files(base + "/tmp").empty());
}

TEST_CASE("a full disk defers, and leaves nothing behind") {
  WriterFixture fixture;
  const auto disk = fixture.directory.path("disk");
  std::filesystem::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k,mode=0777") != 0) {
    MESSAGE("no right to mount a small disk");
    return;
  }
  const auto result = fixture.deliver(fixture.delivery(disk + "/box/", kilobytes(100)));
  const auto tmp = fixture.files(disk + "/box/tmp").size();
  const auto fresh = fixture.files(disk + "/box/new").size();
  const auto mbox = fixture.deliver(fixture.delivery(disk + "/mbox", kilobytes(100)));
  const auto size = std::filesystem::file_size(disk + "/mbox");
  ::umount(disk.c_str());
  CHECK(result == "deferred 4.2.2 maildir delivery failed: write message: No space left on device");
  CHECK(tmp + fresh == 0);
  CHECK(mbox == "deferred 4.2.2 cannot update mailbox " + disk +
                    "/mbox for user ann. write message: No space left on device");
  CHECK(size == 0);
}

TEST_CASE("files are written with the rights of their owner") {
  if (::geteuid() != 0) return;
  WriterFixture fixture;
  const auto open_to_all = fixture.directory.path("all");
  std::filesystem::create_directory(open_to_all);
  REQUIRE(::chmod(open_to_all.c_str(), 01777) == 0);
  REQUIRE(::chmod(fixture.directory.path().c_str(), 0711) == 0);
  std::vector<std::string> results(40);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto uid = static_cast<uid_t>(12340 + i % 4);
    auto delivery = fixture.delivery(open_to_all + "/" + std::to_string(uid) + (i % 8 < 4 ? "/" : ".mbox"));
    delivery.owner = {uid, uid + 10};
    fixture.scope.spawn(fixture.into(std::move(delivery), results[i]));
  }
  wait_until(fixture.loop, [&] { return fixture.scope.size() == 0; });
  for (const auto& result : results) CHECK(result.starts_with("sent"));
  for (uid_t uid = 12340; uid < 12344; ++uid) {
    const auto base = open_to_all + "/" + std::to_string(uid);
    const auto messages = fixture.files(base + "/new");
    REQUIRE(messages.size() == 5);
    for (const auto& path : {messages[0], base, base + ".mbox"}) {
      struct stat status {};
      REQUIRE(::stat(path.c_str(), &status) == 0);
      CHECK(status.st_uid == uid);
      CHECK(status.st_gid == uid + 10);
    }
  }
  CHECK(::geteuid() == 0);
  auto denied = fixture.delivery(fixture.directory.path("private/box/"));
  denied.owner = {12345, 12345};
  CHECK(fixture.deliver(denied).ends_with("Permission denied"));
  CHECK(fixture.deliver(denied).starts_with("deferred 4.2.0 maildir delivery failed: make directory "));
}

TEST_CASE("a large message is copied from its spool file, without memory for it") {
  WriterFixture fixture;
  const auto base = fixture.directory.path("box");
  const auto delivery = large(fixture, base + "/", 100);
  const auto before = peak_memory_kib();
  CHECK(fixture.deliver(delivery) == "sent 2.0.0 delivered to maildir");
  CHECK(peak_memory_kib() - before < 24 * 1024);
  const auto found = fixture.files(base + "/new");
  REQUIRE(found.size() == 1);
  CHECK(std::filesystem::file_size(found[0]) == (100u << 20) + 30 + 16);
  CHECK(::lseek(delivery.message->spool.get(), 0, SEEK_CUR) == 5);
}

TEST_CASE("a large message in a mailbox file is quoted block by block") {
  WriterFixture fixture;
  const auto path = fixture.directory.path("mbox");
  const auto delivery = large(fixture, path, 20);
  const auto before = peak_memory_kib();
  CHECK(fixture.deliver(delivery) == "sent 2.0.0 delivered to mailbox");
  CHECK(peak_memory_kib() - before < 24 * 1024);
  constexpr std::size_t kLines = (20u << 20) / 64;
  CHECK(std::filesystem::file_size(path) > (20u << 20) + kLines);
  CHECK(std::filesystem::file_size(path) < (20u << 20) + kLines + 200);
  CHECK(::lseek(delivery.message->spool.get(), 0, SEEK_CUR) == 5);
}

TEST_CASE("a delivery whose question was cancelled harms nobody") {
  WriterFixture fixture;
  for (int i = 0; i < 20; ++i) {
    auto task = fixture.writer.deliver(fixture.delivery(fixture.directory.path("box/")));
    task.handle().resume();
  }
  CHECK(fixture.deliver(fixture.delivery(fixture.directory.path("box/"))).starts_with("sent"));
}
