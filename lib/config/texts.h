// main.cf and master.cf of a directory as the bytes that stand in them, and a digest that tells one pair of texts from
// another.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "lib/base/result.h"

namespace postern::config {

// 128 bits of the two texts. It tells versions of one administrator's files apart; it is no defence against somebody
// who looks for two texts with one digest. All zero: of no texts.
using Digest = std::array<std::uint64_t, 2>;

struct Texts {
  // Reads both files. One that cannot be read is a failure in its place, as of read_file.
  static Texts read(const std::string& directory);

  // The digest of both; all zero when one of them could not be read.
  Digest digest() const;

  Result<std::string> main_cf, master_cf;
};

// 128-bit FNV-1a of the lengths and bytes of both texts; never all zero.
Digest digest_of(std::string_view main_cf, std::string_view master_cf);

}  // namespace postern::config
