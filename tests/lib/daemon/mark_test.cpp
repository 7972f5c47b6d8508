#include "lib/daemon/mark.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace postern;
using namespace postern::daemon;

namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// A file with these bytes, for as long as the object lives.
struct File {
  std::string path = "/tmp/mark_test_XXXXXX";
  explicit File(const std::string& bytes) {
    REQUIRE(::mkstemp(path.data()) >= 0);
    std::ofstream(path, std::ios::binary) << bytes;
  }
  ~File() { std::filesystem::remove(path); }
};

const std::string kMark{"\x08\0\0\0\x04\0\0\0\x01\0\0\0Postern\0\x01\0\0\0", 24};

}  // namespace

TEST_CASE("a program with the skeleton carries the mark, and others do not") {
  CHECK(carries_mark(POSTERN_ECHO));
  CHECK(!carries_mark("/proc/self/exe"));  // has the library, but not run()
  CHECK(!carries_mark("/bin/sh"));
  CHECK(!carries_mark("/nowhere/at-all"));
  CHECK(!carries_mark("/tmp"));
  CHECK(!carries_mark(File("#!/bin/sh\n" + kMark).path));
  CHECK(!carries_mark(File("").path));
}

TEST_CASE("the mark stays when symbols are stripped") {
  const File stripped("");
  REQUIRE(std::system(("strip -s -o " + stripped.path + " " + POSTERN_ECHO).c_str()) == 0);
  CHECK(carries_mark(stripped.path));
}

TEST_CASE("a mark of another contract, or a broken one, is none") {
  const std::string program = bytes_of(POSTERN_ECHO);
  const std::size_t at = program.find(kMark);
  REQUIRE(at != std::string::npos);
  CHECK(program.find(kMark, at + 1) == std::string::npos);
  for (const std::size_t field : {0, 4, 8, 12, 20}) {  // both sizes, type, name, version
    CAPTURE(field);
    for (const char value : {'\0', '\x7f', '\xff'}) {
      std::string other = program;
      other[at + field] = value;
      CHECK(!carries_mark(File(other).path));
    }
  }
  for (const std::size_t size : {at + 23, at + 12, at, std::size_t{64}, std::size_t{63}, std::size_t{1}}) {
    CAPTURE(size);
    CHECK(!carries_mark(File(program.substr(0, size)).path));
  }
}

TEST_CASE("a file header that leads nowhere is no program of ours") {
  const std::string program = bytes_of(POSTERN_ECHO);
  for (std::size_t at = 16; at < 64; ++at) {
    std::string other = program;
    other[at] = '\xff';
    const File file(other);
    static_cast<void>(carries_mark(file.path));  // ends, and reads nothing that is not there
  }
  std::string nowhere = program;
  nowhere.replace(32, 8, 8, '\x7f');  // where the segments are told
  CHECK(!carries_mark(File(nowhere).path));
}
