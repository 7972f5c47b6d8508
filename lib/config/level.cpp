#include "lib/config/level.h"

#include <array>

#include "lib/base/text.h"
#include "lib/config/lines.h"

namespace postern::config {

namespace {

using Level = std::array<std::int64_t, 3>;

Result<Level> parse_level(std::string_view text) {
  Level level{};
  const auto parts = split_fields(trim(text), '.');
  const auto bad = [&] {
    return fail(Errc::invalid, concat("bad compatibility level: \"", shown(text), "\""));
  };
  if (parts.size() > level.size()) return bad();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto number = parse_number(parts[i]);
    if (!number) return bad();
    level[i] = *number;
  }
  return level;
}

}  // namespace

Result<int> compare_levels(std::string_view left, std::string_view right) {
  const auto a = parse_level(left);
  if (!a) return fail(a.error());
  const auto b = parse_level(right);
  if (!b) return fail(b.error());
  return *a < *b ? -1 : *a > *b ? 1 : 0;
}

}  // namespace postern::config
