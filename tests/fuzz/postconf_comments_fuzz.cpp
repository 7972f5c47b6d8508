// Any bytes as a file with comments: what is found commented out says, without its marks, what it was found to say, and
// nothing else changes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/base/text.h"
#include "lib/config/main_cf.h"
#include "lib/config/service.h"
#include "postconf/comments.h"

namespace {

using namespace postern;
using namespace postern::postconf;

void require(bool holds) {
  if (!holds) std::abort();
}

void uncomment_each(const config::Lines& lines, const std::vector<Commented>& all, bool services) {
  std::size_t tried = 0;
  for (const auto& entry : all) {
    if (++tried > 8) break;
    auto changed = lines;
    uncomment(changed, entry);
    require(changed.height() == lines.height());
    std::size_t different = 0;
    for (std::size_t i = 0; i < lines.height(); ++i) different += changed.line(i) == lines.line(i) ? 0 : 1;
    require(different == entry.lines.size());
    const auto text = changed.text_at(entry.lines.front());
    require(text.starts_with(entry.text.substr(0, entry.text.find_first_of("\r\n"))) ||
            entry.lines.size() > 1);
    require(services || config::split_setting(text).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto lines = config::Lines::parse(std::string{reinterpret_cast<const char*>(data), size}, "x.cf");
  if (!lines) return 0;
  uncomment_each(*lines, commented_settings(*lines), false);
  uncomment_each(*lines, commented_services(*lines), true);
  return 0;
}
