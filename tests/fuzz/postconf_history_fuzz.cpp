// Any bytes as a line of the history: a record that is read is written and read again as the same one, and what it says
// can be tried on any file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/config/difference.h"
#include "postconf/history_text.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  using namespace postern::postconf;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  number_of(line);
  const auto record = record_of(line);
  if (!record) return 0;
  const auto written = line_of(*record);
  require(written.find('\n') == written.npos);
  const auto again = record_of(written);
  require(again && line_of(*again) == written && again->files.size() == record->files.size());
  const auto before = config::Lines::parse("a = b\n# c\n  d\ne = f\n", "x");
  for (const auto& edit : record->files) {
    auto lines = *before;
    const auto taken = config::take_back(lines, edit.hunks, "x");
    require(taken || lines.text() == before->text());
    const auto repeated = config::repeat(lines, edit.hunks, "x");
    require(repeated || !lines.text().empty() || taken);
  }
  return 0;
}
