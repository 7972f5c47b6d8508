// What a session counts: commands by verb, obeyed and in all, for the line that ends the session.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "lib/wire/verb.h"

namespace postern::smtpd {

using wire::ends_group;
using wire::name_of;
using wire::Verb;

class Tally {
 public:
  void met(Verb verb) { ++of(verb).all; }
  void obeyed(Verb verb) { ++of(verb).obeyed; }
  bool has_met(Verb verb) const { return counts_[static_cast<std::size_t>(verb)].all > 0; }

  // " ehlo=1 mail=1 rcpt=1/2 quit=1 commands=4/5": of each verb that was met, how many were obeyed, and of
  // how many when that differs.
  std::string text() const;

 private:
  struct Count {
    std::uint32_t obeyed = 0;
    std::uint32_t all = 0;
  };
  Count& of(Verb verb) { return counts_[static_cast<std::size_t>(verb)]; }
  std::array<Count, wire::kVerbs> counts_{};
};

}  // namespace postern::smtpd
