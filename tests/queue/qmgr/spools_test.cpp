#include "queue/qmgr/spools.h"

#include "tests/queue/qmgr/fixture.h"

using namespace postern;
using namespace postern::qmgr;

namespace {

std::size_t files_in(const Directory& directory) {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory.spool())) ++n;
  return n;
}

}  // namespace

TEST_CASE("A spool file that is claimed stays, one that is not goes with its connection") {
  Directory directory;
  net::Loop loop;
  Trouble trouble;
  Spools spools(loop, directory.spool(), 0, trouble);
  const int owner = 0;
  const int other = 0;
  auto kept = spools.create(1, 0, &owner);
  REQUIRE(kept);
  REQUIRE(spools.create(2, 0, &owner));
  REQUIRE(spools.create(3, 0, &other));
  REQUIRE(write_all(kept->get(), "content", "spool"));
  CHECK(finish(loop, spools.claim(1)));
  spools.drop_all(&owner);
  CHECK(files_in(directory) == 2);
  auto again = spools.open(1);
  REQUIRE(again);
  char text[8] = {};
  CHECK(::read(again->get(), text, sizeof text) == 7);
  spools.drop(3);
  spools.remove(1);
  CHECK(files_in(directory) == 0);
}

TEST_CASE("A file can be claimed once, and only when it is open") {
  Directory directory;
  net::Loop loop;
  Trouble trouble;
  Spools spools(loop, directory.spool(), 0, trouble);
  const int owner = 0;
  REQUIRE(spools.create(1, 0, &owner));
  CHECK(finish(loop, spools.claim(1)));
  auto again = finish(loop, spools.claim(1));
  REQUIRE_FALSE(again);
  CHECK(again.error().kind == Errc::not_found);
}

TEST_CASE("A spool file is refused when the disk would fall below its reserve") {
  Directory directory;
  net::Loop loop;
  Trouble trouble;
  Spools spools(loop, directory.spool(), std::int64_t{1} << 60, trouble);
  const int owner = 0;
  auto file = spools.create(1, 0, &owner);
  REQUIRE_FALSE(file);
  CHECK(file.error().kind == Errc::full);
  CHECK(files_in(directory) == 0);
}

TEST_CASE("A file that is still being written when its qmgr leaves is claimed through the next one") {
  Directory directory;
  net::Loop loop;
  Trouble trouble;
  const int owner = 0;
  std::optional<Spools> before(std::in_place, loop, directory.spool(), 0, trouble);
  auto wanted = before->create(1, 0, &owner);
  auto abandoned = before->create(2, 0, &owner);
  REQUIRE(wanted);
  REQUIRE(abandoned);
  before->hand_over();
  before->drop_all(&owner);  // their receiver turns to the next qmgr
  before.reset();
  Spools after(loop, directory.spool(), 0, trouble);
  REQUIRE(after.clean({}));
  CHECK(files_in(directory) == 2);
  REQUIRE(write_all(wanted->get(), "the rest", "spool file"));
  CHECK(finish(loop, after.claim(1)));
  abandoned->reset();
  const auto next = after.create(3, 0, &owner);
  REQUIRE(next);
  CHECK(files_in(directory) == 2);
  CHECK(after.open(1));
  CHECK(after.open(3));
  CHECK_FALSE(finish(loop, after.claim(2)));
}

TEST_CASE("What a crash left goes at the next start; what the queue knows stays") {
  Directory directory;
  net::Loop loop;
  Trouble trouble;
  const int owner = 0;
  {
    Spools before(loop, directory.spool(), 0, trouble);
    for (const int id : {1, 2, 3}) REQUIRE(before.create(id, 0, &owner));
  }
  Spools after(loop, directory.spool(), 0, trouble);
  REQUIRE(after.clean({2}));
  CHECK(files_in(directory) == 1);
  CHECK(after.open(2));
}
