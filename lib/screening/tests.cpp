#include "lib/screening/tests.h"

namespace postern::screening {

std::string_view name_of(Test test) {
  switch (test) {
    case Test::pregreet: return "pregreet";
    case Test::dnsbl: return "dnsbl";
    case Test::pipelining: return "pipelining";
    case Test::non_smtp_command: return "non_smtp_command";
    case Test::bare_newline: return "bare_newline";
  }
  return "";
}

std::string_view name_of(Action action) {
  switch (action) {
    case Action::ignore: return "ignore";
    case Action::enforce: return "enforce";
    case Action::drop: return "drop";
  }
  return "";
}

std::optional<Action> action_of(std::string_view word) {
  for (const Action action : {Action::ignore, Action::enforce, Action::drop}) {
    if (name_of(action) == word) return action;
  }
  return std::nullopt;
}

}  // namespace postern::screening
