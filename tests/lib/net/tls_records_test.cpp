#include "lib/net/tls_records.h"

#include <doctest/doctest.h>

using namespace postern::net;

namespace {

std::string some_record(std::size_t size, char type = '\x17') {
  const std::string header{type, '\x03', '\x03', static_cast<char>(size >> 8),
                           static_cast<char>(size & 0xff)};
  return header + std::string(size, 'x');
}

std::string taken_from(TlsRecords& records, std::size_t size = 100'000) {
  std::string to(size, '\0');
  to.resize(records.take(to.data(), size));
  return to;
}

}  // namespace

TEST_CASE("a record is there when its last byte is") {
  const std::string whole = some_record(300);
  TlsRecords records;
  for (const char byte : whole) {
    CHECK_FALSE(records.has_whole());
    CHECK(taken_from(records).empty());
    records.add(std::string_view(&byte, 1));
  }
  CHECK(records.has_whole());
  CHECK(taken_from(records) == whole);
  CHECK_FALSE(records.has_whole());
}

TEST_CASE("several records are there together, and a part of one waits") {
  const std::string first = some_record(1), second = some_record(16384), third = some_record(7);
  TlsRecords records;
  records.add(first + second + third.substr(0, 8));
  CHECK(taken_from(records, 5) == first.substr(0, 5));  // in pieces as small as one likes
  CHECK(taken_from(records) == first.substr(5) + second);
  CHECK(taken_from(records).empty());
  CHECK(records.size() == 8);
  CHECK(records.missing() == third.size() - 8);
  records.add(third.substr(8));
  CHECK(records.missing() == 0);
  CHECK(taken_from(records) == third);
}

TEST_CASE("what is no record is not waited for") {
  for (const std::string& text :
       {std::string("E"), std::string("GET / HTTP/1.1\r\n"), std::string("\x80\x2e\x01", 3),
        std::string("\x16\x02"), std::string("\x16\x03\x01\x48\x01", 5), std::string("\x19\x03")}) {
    TlsRecords records;
    records.add(text);
    CHECK(taken_from(records) == text);
    records.add("more");
    CHECK(taken_from(records) == "more");
  }
  TlsRecords records;
  records.add(some_record(3));
  records.add("text");
  CHECK(taken_from(records) == some_record(3) + "text");
}
