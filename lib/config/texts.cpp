#include "lib/config/texts.h"

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/config/lines.h"

namespace postern::config {

namespace {

// FNV-1a with the published start and prime for 128 bits.
class Fnv {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes) {
      state_ ^= static_cast<unsigned char>(byte);
      state_ *= kPrime;
    }
  }
  Digest digest() const {
    return {static_cast<std::uint64_t>(state_ >> 64), static_cast<std::uint64_t>(state_)};
  }

 private:
  __extension__ using Number = unsigned __int128;
  static constexpr Number kPrime = (Number{1} << 88) + 0x13b;
  Number state_ = (Number{0x6c62272e07bb0142} << 64) + 0x62b821756295c58d;
};

}  // namespace

Texts Texts::read(const std::string& directory) {
  return {read_file(concat(directory, "/main.cf"), kLongestFile),
          read_file(concat(directory, "/master.cf"), kLongestFile)};
}

Digest Texts::digest() const { return main_cf && master_cf ? digest_of(*main_cf, *master_cf) : Digest{}; }

Digest digest_of(std::string_view main_cf, std::string_view master_cf) {
  Fnv fnv;
  fnv.add(concat(main_cf.size(), " ", master_cf.size(), "\n"));
  fnv.add(main_cf);
  fnv.add(master_cf);
  const Digest digest = fnv.digest();
  return digest == Digest{} ? Digest{0, 1} : digest;
}

}  // namespace postern::config
