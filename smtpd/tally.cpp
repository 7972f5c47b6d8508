#include "smtpd/tally.h"

#include "lib/base/text.h"

namespace postern::smtpd {

namespace {

void append_count(std::string& out, std::string_view name, std::uint64_t obeyed, std::uint64_t all) {
  out += concat(' ', name, '=', obeyed);
  if (obeyed != all || all == 0) out += concat('/', all);
}

}  // namespace

std::string Tally::text() const {
  std::string out;
  std::uint64_t obeyed = 0;
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < wire::kVerbs; ++i) {
    const Count& count = counts_[i];
    if (count.all == 0) continue;
    append_count(out, lower(name_of(static_cast<Verb>(i))), count.obeyed, count.all);
    obeyed += count.obeyed;
    all += count.all;
  }
  append_count(out, "commands", obeyed, all);
  return out;
}

}  // namespace postern::smtpd
