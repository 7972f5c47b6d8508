// What a peer sends where records of TLS should be, in pieces of any size. The first octet of the input says how it is cut.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/net/tls_records.h"

using postern::net::TlsRecords;

namespace {

void require(bool good) {
  if (!good) std::abort();
}

std::string taken(TlsRecords& records, std::size_t most) {
  std::string to(most, '\0');
  const bool any = records.has_whole();
  to.resize(records.take(to.data(), most));
  require(any == !to.empty());
  return to;
}

std::string all_taken(TlsRecords& records) {
  std::string all;
  while (records.has_whole()) all += taken(records, 5000);
  return all;
}

// The first octet that was not taken begins a record, and the rest of it has not come.
void check_rest(std::string_view rest, std::size_t missing) {
  if (rest.size() < 5) require(missing == 0);
  if (rest.empty()) return;
  require(rest[0] >= 20 && rest[0] <= 24 && (rest.size() < 2 || rest[1] == 3));
  if (rest.size() < 5) return;
  const auto octet = [rest](std::size_t at) { return static_cast<unsigned char>(rest[at]); };
  const std::size_t length = 5 + octet(3) * 256U + octet(4);
  require(length <= TlsRecords::kLongest && rest.size() + missing == length && missing > 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 64U * (data[0] % 64U);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  TlsRecords at_once;
  at_once.add(bytes);
  const std::string whole = all_taken(at_once);
  require(bytes.starts_with(whole));
  check_rest(bytes.substr(whole.size()), at_once.missing());

  // Neither how it came nor how it is taken changes what there is; only what is no record is seen sooner or later.
  TlsRecords in_pieces, taken_late;
  std::string got;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    in_pieces.add(bytes.substr(at, piece));
    got += taken(in_pieces, 1 + at % 300);
    taken_late.add(bytes.substr(at, piece));
  }
  got += all_taken(in_pieces);
  require(got == whole);
  require(all_taken(taken_late) == whole);
  return 0;
}
