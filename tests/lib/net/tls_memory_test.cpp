#include "lib/net/tls_memory.h"

#include <doctest/doctest.h>
#include <openssl/crypto.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

using namespace postern::net;

namespace {

constexpr std::size_t kPage = 4096;

char* taken(TlsMemory& memory, std::size_t size) {
  const TlsMemory::Use use(memory);
  auto* block = static_cast<char*>(OPENSSL_malloc(size));
  REQUIRE(block != nullptr);
  REQUIRE(reinterpret_cast<std::uintptr_t>(block) % kPage == 0);
  return block;
}

// Of each page whether there is memory behind it: "#.#".
std::string pages_of(char* block, std::size_t count) {
  std::vector<unsigned char> there(count);
  REQUIRE(::mincore(block, count * kPage, there.data()) == 0);
  std::string text;
  for (const auto page : there) text += (page & 1) != 0 ? '#' : '.';
  return text;
}

}  // namespace

TEST_CASE("pages that hold nothing but zeros are given back, and read as before") {
  TlsMemory memory;
  constexpr std::size_t kSize = 5 * kPage + 1000;
  char* block = taken(memory, kSize);
  std::string expected(kSize, '\0');
  expected[0] = 'a';
  expected[3 * kPage + 5] = 'b';
  expected[5 * kPage - 1] = 'c';
  std::memcpy(block, expected.data(), kSize);
  CHECK(pages_of(block, 6) == "######");
  memory.rest();
  CHECK(pages_of(block, 6) == "#..##.");
  CHECK(std::string_view(block, kSize) == expected);
  block[2 * kPage] = 'd';
  memory.rest();
  CHECK(pages_of(block, 6) == "#.###.");
  OPENSSL_free(block);
}

TEST_CASE("a block that grows keeps what is in it") {
  TlsMemory memory;
  const TlsMemory::Use use(memory);
  std::string expected;
  char* block = nullptr;
  for (const std::size_t size : {100, 4096, 5000, 24576, 24577, 100'000}) {
    block = static_cast<char*>(OPENSSL_realloc(block, size));
    REQUIRE(block != nullptr);
    CHECK(std::string_view(block, expected.size()) == expected);
    expected.resize(size, static_cast<char>('a' + size % 26));
    std::memcpy(block, expected.data(), size);
    memory.rest();
  }
  CHECK(OPENSSL_realloc(block, 0) == nullptr);
}

TEST_CASE("a block may outlive the connection, and go back in another thread") {
  char* block = nullptr;
  {
    TlsMemory memory;
    char* first = taken(memory, 20'000);
    block = taken(memory, kPage);
    OPENSSL_free(first);
  }
  std::thread([block] { OPENSSL_free(block); }).join();
  TlsMemory other;
  char* again = taken(other, kPage);
  CHECK(again == block);
  OPENSSL_free(again);
}

TEST_CASE("of the blocks that went back most are without memory") {
  TlsMemory memory;
  std::vector<char*> blocks(200);
  for (char*& block : blocks) {
    block = taken(memory, 6 * kPage);
    std::memset(block, 'x', 6 * kPage);
  }
  for (char* block : blocks) OPENSSL_free(block);
  std::size_t kept = 0;
  for (char* block : blocks) kept += pages_of(block, 6) == "......" ? 0 : 1;
  CHECK(kept <= 32);
}

TEST_CASE("what does not belong to a connection is as it always was") {
  TlsMemory memory;
  char* block = taken(memory, kPage);
  OPENSSL_free(block);
  auto* other = static_cast<char*>(OPENSSL_malloc(kPage));
  CHECK(other != block);
  OPENSSL_free(other);
  CHECK(OPENSSL_malloc(0) == nullptr);
}
