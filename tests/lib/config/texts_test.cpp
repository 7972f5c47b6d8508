#include "lib/config/texts.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "lib/base/text.h"

using namespace postern;
using namespace postern::config;

TEST_CASE("texts that differ anywhere have digests that differ") {
  const Digest digest = digest_of("a = b\n", "smtp inet n - n - - smtpd\n");
  CHECK(digest == digest_of("a = b\n", "smtp inet n - n - - smtpd\n"));
  CHECK(digest != digest_of("a = c\n", "smtp inet n - n - - smtpd\n"));
  CHECK(digest != digest_of("a = b\n", "smtp inet n - n - 1 smtpd\n"));
  CHECK(digest != digest_of("a = b", "\nsmtp inet n - n - - smtpd\n"));  // what one has lost the other has
  CHECK(digest != digest_of("a = b\n\n", "smtp inet n - n - - smtpd\n"));
  CHECK(digest_of("", "") != Digest{});
}

TEST_CASE("the digest is that of the files, and none of a file that is not there") {
  std::string directory = "/tmp/texts_test_XXXXXX";
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  std::ofstream(directory + "/main.cf") << "a = b\n";
  Texts texts = Texts::read(directory);
  CHECK(texts.main_cf == "a = b\n");
  CHECK(texts.master_cf.error().kind == Errc::not_found);
  CHECK(texts.digest() == Digest{});
  std::ofstream(directory + "/master.cf") << "# none\n";
  CHECK(Texts::read(directory).digest() == digest_of("a = b\n", "# none\n"));
  std::filesystem::remove_all(directory);
}
