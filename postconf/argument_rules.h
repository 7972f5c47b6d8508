// Which options and words of a command line go together.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "postconf/arguments.h"

namespace postern::postconf {

// A part of the command line with a name space and a verb of its own.
struct Part {
  std::string letters;
  std::optional<Verb> verb;  // of a long option
  config::List words;

  bool has(char letter) const { return letters.find(letter) != letters.npos; }
  bool has_any(std::string_view some) const { return letters.find_first_of(some) != letters.npos; }
  // Those of the letters that were given, in the order of kLetters: " -e -X".
  std::string given_of(std::string_view some) const;
  // Whether the first word is name=value, where that means anything.
  bool has_setting() const;
  bool is_edit() const;
};

// Whether the letters and words of one part go together. Fails with invalid, in Postfix's words where it has any.
Result<void> check_part(const Part& part, const Request& request);

// Whether the parts go together, and with the task.
Result<void> check_together(const std::vector<Part>& parts, const Request& request);

}  // namespace postern::postconf
