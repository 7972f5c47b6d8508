#include "lib/control/descriptors.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include "lib/base/fd.h"

using namespace postern;
using namespace postern::control;

TEST_CASE("the descriptors of a process are counted, and its soft limit is known") {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const auto before = descriptors_of(::getpid());
  REQUIRE(before);
  CHECK(before->limit == (limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur));
  std::vector<Fd> more;
  for (int i = 0; i < 10; ++i) more.push_back(*open_file("/dev/null", O_RDONLY));
  CHECK(descriptors_of(::getpid())->open == before->open + 10);
}

TEST_CASE("of a process that is not there nothing is known") { CHECK(!descriptors_of(1 << 30)); }

TEST_CASE("the limit is found in the text of the kernel") {
  const std::string head = "Limit                     Soft Limit           Hard Limit           Units     \n";
  CHECK(limit_in(head + "Max open files            1024                 524288               files     \n") ==
        1024u);
  CHECK(limit_in(head + "Max open files            unlimited            unlimited            files     \n") ==
        UINT64_MAX);
  CHECK(!limit_in(head));
  CHECK(!limit_in(head + "Max open files\n"));
  CHECK(!limit_in(head + "Max open files            many                 more\n"));
}

TEST_CASE("more than nine tenths is near the limit") {
  CHECK(!Descriptors{900, 1000}.is_near_limit());
  CHECK(Descriptors{901, 1000}.is_near_limit());
  CHECK(Descriptors{1000, 1000}.is_near_limit());
  CHECK(!Descriptors{1000, UINT64_MAX}.is_near_limit());
}
