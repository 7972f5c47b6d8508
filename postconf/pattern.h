// SERVICE/TYPE and what may follow: what a word of -M, -F, -P or -O stands for. In each part "*" fits any text and "?" any
// character; a part that is missing fits everything.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/service.h"

namespace postern::postconf {

// One part, or the name of a parameter.
class Glob {
 public:
  explicit Glob(std::string_view text = "*");
  bool fits(const std::string& name) const;
  bool is_wild() const { return wild_; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::string pattern_;  // for fnmatch(3)
  bool wild_ = false;
};

struct Pattern {
  std::string text;  // as it was given
  Glob service, type, third;
  bool matched = false;

  bool fits(const std::string& name, const std::string& of_type) const {
    return service.fits(name) && type.fits(of_type);
  }
  bool fits(const config::Service& entry) const {
    return fits(entry.name, std::string(config::name_of(entry.type)));
  }
};

// At least `least` and at most `most` parts, none of them empty but a last one. A third and a fourth are one name. Fails with invalid and the text `otherwise`.
Result<Pattern> parse_pattern(std::string_view text, std::size_t least, std::size_t most,
                              std::string_view otherwise);

}  // namespace postern::postconf
