// Any bytes as a mail log: each line is taken apart within itself, and a story comes to an end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "commands/postern/story.h"
#include "lib/base/text.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  using namespace postern::commands;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lines = split_fields(text, '\n');
  Story story(0xa1);
  for (const auto line : lines) {
    const auto parsed = parse_log_line(line);
    if (parsed) require(!parsed->program.empty() && parsed->text.size() < line.size());
    if (parsed) (void)delivery_in(parsed->text);
    story.relate(line);
  }
  story.begin();
  for (const auto line : lines) story.tell(line);
  const auto messages = story.messages();
  require(!messages.empty() && messages.size() <= Story::kMostMessages + 1);
  return 0;
}
