#include "lib/config/origin.h"

#include "lib/base/fd.h"
#include "lib/base/text.h"

namespace postern::config {

namespace {
constexpr std::size_t kLargestFile = 64 * 1024;
}

Result<std::string> origin_of(const Settings& settings) {
  auto origin = settings.value("myorigin");
  if (!origin || !origin->starts_with('/')) return origin;
  const auto text = read_file(*origin, kLargestFile);
  if (!text) return fail(text.error().kind, concat("myorigin: ", text.error().text));
  const auto line = trim(std::string_view(*text).substr(0, text->find('\n')));
  if (line.empty()) return fail(Errc::invalid, concat("myorigin: ", *origin, ": the first line is empty"));
  return std::string(line);
}

}  // namespace postern::config
