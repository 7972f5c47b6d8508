// Any bytes as --apply input: it ends, errors are one line that names the file, and what is read is fit to be an edit.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/config/main_cf.h"
#include "postconf/apply.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  using namespace postern::postconf;
  const auto steps = read_steps({reinterpret_cast<const char*>(data), size}, "input");
  if (!steps) {
    const auto& text = steps.error().text;
    require(text.starts_with("input: ") || text.starts_with("input, line "));
    require(text.find('\n') == text.npos);
    return 0;
  }
  for (const auto& step : *steps) {
    require(step.gently && !step.words.empty() && (step.verb == Verb::edit || step.verb == Verb::remove));
    for (const auto& word : step.words) {
      require(word.find('\n') == word.npos && word.find('\0') == word.npos);
      require(step.verb == Verb::remove || config::split_setting(word).has_value());
    }
  }
  return 0;
}
