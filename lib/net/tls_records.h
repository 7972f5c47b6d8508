// What a peer sent, until it is a whole record of TLS. OpenSSL would keep 16 KiB for a record whose first byte has come; this
// keeps the bytes that came.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::net {

class TlsRecords {
 public:
  // Header and content of the longest record of any version (RFC 8446 5.2, RFC 5246 6.2.3).
  static constexpr std::size_t kLongest = 5 + 16384 + 2048;

  // Takes bytes in the order in which they came.
  void add(std::string_view bytes);
  // Moves at most `size` bytes of whole records to `to`; returns how many. What is no record counts as whole: somebody
  // else finds out what it is.
  std::size_t take(char* to, std::size_t size);
  bool has_whole() const { return whole_ > 0; }
  // Bytes that are there, and that the last record lacks if its header is there.
  std::size_t size() const { return bytes_.size(); }
  std::size_t missing() const { return missing_; }

 private:
  void look();
  std::string bytes_;
  std::size_t whole_ = 0;  // of them are whole records
  std::size_t missing_ = 0;
  bool foreign_ = false;  // they are no records
};

}  // namespace postern::net
