// What a program for measurements is told: words of the form name=value.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/text.h"

namespace postern::bench {

struct Options {
  std::map<std::string, std::int64_t, std::less<>> numbers;  // all that there are, as they are when not told
  std::string to = "user@discard.test";

  std::int64_t operator[](std::string_view name) const { return numbers.find(name)->second; }

  // Fails with invalid: a name that is none of ours, or a value that is no number.
  Result<void> read(std::span<const char* const> words) {
    for (const std::string_view word : words) {
      const auto equals = word.find('=');
      const auto value = equals == word.npos ? std::string_view() : word.substr(equals + 1);
      const auto name = word.substr(0, equals);
      const auto number = numbers.find(name);
      const auto amount = parse_number(value);
      if (name == "to") {
        to = value;
      } else if (number != numbers.end() && amount) {
        number->second = *amount;
      } else {
        return fail(Errc::invalid, concat("not understood: ", word));
      }
    }
    return {};
  }
};

}  // namespace postern::bench
