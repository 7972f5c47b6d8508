// SERVICE/TYPE and what may follow: what a word of -M, -F or -P stands for. A part that is "*" fits
// everything; a part that is missing does too. Between slashes "*" is not a wildcard but a mistake.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/service.h"

namespace postern::postconf {

struct Pattern {
  std::string text;                  // as it was given
  std::string service, type, third;  // "*" for what is missing
  bool matched = false;

  bool fits(std::string_view name, std::string_view of_type) const {
    return (service == "*" || service == name) && (type == "*" || type == of_type);
  }
  bool fits(const config::Service& entry) const { return fits(entry.name, config::name_of(entry.type)); }
  bool fits_third(std::string_view name) const { return third == "*" || third == name; }
};

// At least `least` and at most `most` parts, none of them empty but a last one. Fails with invalid and the
// text `otherwise`.
Result<Pattern> parse_pattern(std::string_view text, std::size_t least, std::size_t most,
                              std::string_view otherwise);

}  // namespace postern::postconf
