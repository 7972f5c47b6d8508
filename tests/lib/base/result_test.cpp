#include "lib/base/result.h"

#include <doctest/doctest.h>

#include <cerrno>

namespace postern {

TEST_CASE("the kind of an error follows from errno") {
  struct Row {
    int number;
    Errc kind;
  };
  const Row rows[] = {
      {ENOSPC, Errc::full},      {EDQUOT, Errc::full},       {EMFILE, Errc::full},
      {ENFILE, Errc::full},      {ENOBUFS, Errc::full},      {ENOMEM, Errc::full},
      {ENOENT, Errc::not_found}, {EACCES, Errc::denied},     {EPERM, Errc::denied},
      {EROFS, Errc::denied},     {EEXIST, Errc::exists},     {EPIPE, Errc::lost},
      {ECONNRESET, Errc::lost},  {ETIMEDOUT, Errc::timeout}, {EIO, Errc::io},
      {EISDIR, Errc::io},        {ELOOP, Errc::io},          {0, Errc::io},
  };
  for (const auto& row : rows) {
    CAPTURE(row.number);
    const Result<int> result = fail_errno("open x", row.number);
    REQUIRE(!result);
    CHECK(result.error().kind == row.kind);
    CHECK(result.error().sys == row.number);
  }
}

TEST_CASE("an error names the object and the reason") {
  const Result<void> result = fail_errno("open /etc/x", EACCES);
  REQUIRE(!result);
  CHECK(result.error().text == "open /etc/x: Permission denied");
}

TEST_CASE("an error passes through functions of other types unchanged") {
  const auto inner = []() -> Result<int> { return fail(Errc::busy, "later"); };
  const auto outer = [&]() -> Result<std::string> {
    auto number = inner();
    if (!number) return fail(number.error());
    return "never";
  };
  const auto result = outer();
  REQUIRE(!result);
  CHECK(result.error().kind == Errc::busy);
  CHECK(result.error().text == "later");
  CHECK(result.error().sys == 0);
}

}  // namespace postern
