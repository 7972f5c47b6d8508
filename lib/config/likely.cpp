#include "lib/config/likely.h"

#include <algorithm>
#include <array>

#include "lib/base/text.h"

namespace postern::config {

namespace {

constexpr std::size_t kLongest = 100;
using Row = std::array<std::size_t, kLongest + 1>;

std::size_t allowance(std::size_t length) { return length < 3 ? 0 : length < 6 ? 1 : length < 12 ? 2 : 3; }

}  // namespace

// Rows of the table of distances between the beginnings of both, of which two back are enough for transpositions.
std::size_t slips_between(std::string_view a, std::string_view b, std::size_t most) {
  const auto difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (difference > most || std::max(a.size(), b.size()) > kLongest) return most + 1;
  std::array<Row, 3> rows;
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    Row& row = rows[i % 3];
    const Row& above = rows[(i + 2) % 3];
    const Row& two_above = rows[(i + 1) % 3];
    std::size_t least = row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto same = [&](std::size_t x, std::size_t y) {
        return to_lower(a[x - 1]) == to_lower(b[y - 1]);
      };
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same(i, j) ? 0 : 1)});
      if (i > 1 && j > 1 && same(i, j - 1) && same(i - 1, j)) row[j] = std::min(row[j], two_above[j - 2] + 1);
      least = std::min(least, row[j]);
    }
    // A swap may still come from two rows above, so only a row far beyond ends it.
    if (least > most + 1) return most + 1;
  }
  return std::min(rows[a.size() % 3][b.size()], most + 1);
}

Likely::Likely(std::string_view word) : word_(word), most_(allowance(word.size())) {}

void Likely::offer(std::string_view candidate) {
  if (!best_.empty() && most_ == 0) return;
  const auto most = best_.empty() ? most_ : most_ - 1;
  const auto slips = slips_between(word_, candidate, most);
  if (slips > most) return;
  best_ = candidate;
  most_ = slips;
}

std::string Likely::question() const {
  return best_.empty() ? std::string() : concat(": did you mean ", best_, "?");
}

}  // namespace postern::config
