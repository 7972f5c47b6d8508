#include "bench/botnet/options.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::botnet {

Result<Options> Options::parse(int count, const char* const* words) {
  Options options;
  for (int i = 0; i < count; ++i) {
    const std::string_view word = words[i];
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    const auto value = equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1);
    const auto number = options.numbers.find(name);
    const auto amount = parse_number(value);
    if (name == "to") {
      options.to = value;
    } else if (number != options.numbers.end() && amount) {
      number->second = *amount;
    } else {
      return fail(Errc::invalid, concat("not understood: ", word));
    }
  }
  if (options["rate"] < 1) return fail(Errc::invalid, "rate is at least 1");
  return options;
}

}  // namespace postern::botnet
