#include "lib/wire/verb.h"

#include <array>

#include "lib/base/text.h"

namespace postern::wire {

namespace {

constexpr std::array<std::string_view, kVerbs> kNames = {"HELO", "EHLO", "STARTTLS", "AUTH",   "MAIL",
                                                         "RCPT", "DATA", "BDAT",     "RSET",   "NOOP",
                                                         "VRFY", "ETRN", "QUIT",     "UNKNOWN"};

}  // namespace

Verb first_verb(std::string_view line) {
  const auto start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos) return Verb::unknown;
  const auto word = line.substr(start, line.find_first_of(" \t", start) - start);
  for (std::size_t i = 0; i + 1 < kVerbs; ++i) {
    if (iequals(word, kNames[i])) return static_cast<Verb>(i);
  }
  return Verb::unknown;
}

std::string_view name_of(Verb verb) { return kNames[static_cast<std::size_t>(verb)]; }

bool ends_group(Verb verb) {
  return verb == Verb::helo || verb == Verb::ehlo || verb == Verb::data || verb == Verb::noop ||
         verb == Verb::starttls || verb == Verb::vrfy;
}

}  // namespace postern::wire
