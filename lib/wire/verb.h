// The verbs that a server knows by name, before it reads what follows them: for counters, for the log, and for the rules of
// who may speak when.
#pragma once

#include <cstdint>
#include <string_view>

namespace postern::wire {

// In the order in which the line that ends a session shows them.
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

// The verb that a command line begins with, in any case, perhaps after blanks.
Verb first_verb(std::string_view line);

// "MAIL"; "UNKNOWN" for what is no command of ours. As log lines name where a session stands.
std::string_view name_of(Verb verb);

// RFC 2920 3.1, RFC 3207 4: the commands that a client sends last in a group, because their reply changes what follows.
bool ends_group(Verb verb);

}  // namespace postern::wire
