// What a session counts: commands by verb, obeyed and in all, for the line that ends the session.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::smtpd {

// In the order in which the line shows them.
enum class Verb : std::uint8_t {
  helo,
  ehlo,
  starttls,
  auth,
  mail,
  rcpt,
  data,
  bdat,
  rset,
  noop,
  vrfy,
  etrn,
  quit,
  unknown,
};
inline constexpr std::size_t kVerbs = static_cast<std::size_t>(Verb::unknown) + 1;

// The verb that a command line begins with, in any case.
Verb verb_of(std::string_view line);

// "MAIL"; "UNKNOWN" for what is no command of ours. As log lines name where a session stands.
std::string_view name_of(Verb verb);

// RFC 2920 3.1: the commands that a client sends last in a group, because their reply changes what follows.
bool ends_group(Verb verb);

class Tally {
 public:
  void met(Verb verb) { ++of(verb).all; }
  void obeyed(Verb verb) { ++of(verb).obeyed; }

  // " ehlo=1 mail=1 rcpt=1/2 quit=1 commands=4/5": of each verb that was met, how many were obeyed, and of
  // how many when that differs.
  std::string text() const;

 private:
  struct Count {
    std::uint32_t obeyed = 0;
    std::uint32_t all = 0;
  };
  Count& of(Verb verb) { return counts_[static_cast<std::size_t>(verb)]; }
  std::array<Count, kVerbs> counts_{};
};

}  // namespace postern::smtpd
