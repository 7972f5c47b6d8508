// The keys of session tickets, as master keeps them and a service sees them.
#include "lib/daemon/ticket_keys.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

using namespace postern;
using namespace postern::daemon;

namespace {

using Name = std::array<unsigned char, 16>;

std::vector<Name> names(SharedTicketKeys& keys) {
  std::vector<Name> all;
  for (const auto& key : keys.current()) all.push_back(key.name);
  return all;
}

}  // namespace

TEST_CASE("a service sees the keys that master makes, and the one before as long as it lasts") {
  auto ring = TicketRing::create();
  REQUIRE(ring);
  const auto given = ring->to_read();
  REQUIRE(given);
  const auto keys = SharedTicketKeys::open(given->get());
  REQUIRE(keys);
  const auto first = names(**keys);
  REQUIRE(first.size() == 1);
  ring->renew(seconds(3600));
  CHECK(names(**keys) == first);
  ring->renew(seconds(0));
  const auto second = names(**keys);
  REQUIRE(second.size() == 2);
  CHECK(second[0] != first[0]);
  CHECK(second[1] == first[0]);
  ring->renew(seconds(0));
  const auto third = names(**keys);
  REQUIRE(third.size() == 2);
  CHECK(third[1] == second[0]);
  const auto all = (*keys)->current();
  CHECK(all[0].cipher != all[1].cipher);
  CHECK(all[0].cipher != all[0].mac);
}

TEST_CASE("a service cannot change the keys, nor anybody the size of the memory") {
  auto ring = TicketRing::create();
  REQUIRE(ring);
  const auto given = ring->to_read();
  REQUIRE(given);
  CHECK(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, given->get(), 0) == MAP_FAILED);
  CHECK(errno == EACCES);
  CHECK(::ftruncate(ring->fd(), 0) != 0);
}

TEST_CASE("a master that takes over goes on with the keys, unless it does not know their layout") {
  auto before = TicketRing::create();
  REQUIRE(before);
  const auto keys = SharedTicketKeys::open(before->fd());
  REQUIRE(keys);
  const auto first = names(**keys);
  auto after = TicketRing::resume(Fd(::fcntl(before->fd(), F_DUPFD_CLOEXEC, 0)));
  REQUIRE(after);
  CHECK(names(**keys) == first);
  after->renew(seconds(0));
  CHECK(names(**keys).size() == 2);

  const Fd other(::memfd_create("other", MFD_CLOEXEC));
  REQUIRE(::ftruncate(other.get(), 77) == 0);
  CHECK(!TicketRing::resume(Fd(::fcntl(other.get(), F_DUPFD_CLOEXEC, 0))));
  CHECK(!SharedTicketKeys::open(other.get()));
  REQUIRE(::ftruncate(other.get(), sizeof(TicketMemory)) == 0);
  CHECK(!TicketRing::resume(Fd(::fcntl(other.get(), F_DUPFD_CLOEXEC, 0))));
  CHECK(!SharedTicketKeys::open(other.get()));
}
