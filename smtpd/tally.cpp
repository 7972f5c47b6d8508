#include "smtpd/tally.h"

#include "lib/base/text.h"

namespace postern::smtpd {

namespace {

constexpr std::array<std::string_view, kVerbs> kNames = {"HELO", "EHLO", "STARTTLS", "AUTH",   "MAIL",
                                                         "RCPT", "DATA", "BDAT",     "RSET",   "NOOP",
                                                         "VRFY", "ETRN", "QUIT",     "UNKNOWN"};

void append_count(std::string& out, std::string_view name, std::uint64_t obeyed, std::uint64_t all) {
  out += concat(' ', name, '=', obeyed);
  if (obeyed != all || all == 0) out += concat('/', all);
}

}  // namespace

Verb verb_of(std::string_view line) {
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
         verb == Verb::vrfy;
}

std::string Tally::text() const {
  std::string out;
  std::uint64_t obeyed = 0;
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < kVerbs; ++i) {
    const Count& count = counts_[i];
    if (count.all == 0) continue;
    append_count(out, lower(kNames[i]), count.obeyed, count.all);
    obeyed += count.obeyed;
    all += count.all;
  }
  append_count(out, "commands", obeyed, all);
  return out;
}

}  // namespace postern::smtpd
