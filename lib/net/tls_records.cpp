#include "lib/net/tls_records.h"

#include <algorithm>

namespace postern::net {

namespace {

constexpr std::size_t kHeader = 5;
constexpr unsigned char kFirstType = 20, kLastType = 24;

}  // namespace

void TlsRecords::add(std::string_view bytes) {
  const std::size_t all = bytes_.size() + bytes.size();
  if (all > bytes_.capacity()) {
    // A string that grows by itself takes twice as much.
    std::string larger;
    larger.reserve(all + all / 8 + 32);
    larger = bytes_;
    bytes_.swap(larger);
  }
  bytes_ += bytes;
  look();
}

void TlsRecords::look() {
  missing_ = 0;
  while (!foreign_ && whole_ < bytes_.size()) {
    const auto byte = [this](std::size_t at) { return static_cast<unsigned char>(bytes_[whole_ + at]); };
    const std::size_t there = bytes_.size() - whole_;
    const bool has_version = there < 2 || byte(1) == 3;
    foreign_ = byte(0) < kFirstType || byte(0) > kLastType || !has_version;
    if (foreign_ || there < kHeader) break;
    const std::size_t length = kHeader + byte(3) * 256U + byte(4);
    foreign_ = length > kLongest;
    if (!foreign_ && there < length) missing_ = length - there;
    if (foreign_ || there < length) break;
    whole_ += length;
  }
  if (foreign_) whole_ = bytes_.size();
}

std::size_t TlsRecords::take(char* to, std::size_t size) {
  const std::size_t count = bytes_.copy(to, std::min(size, whole_));
  whole_ -= count;
  bytes_.erase(0, count);
  if (bytes_.empty()) std::string().swap(bytes_);
  return count;
}

}  // namespace postern::net
