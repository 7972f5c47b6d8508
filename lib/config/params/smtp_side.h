// The parameters of the SMTP client and their twins of the LMTP client are declared once: only the prefix of the name and
// a few defaults differ.
#pragma once

#include <string>
#include <string_view>

#include "lib/config/param.h"

namespace postern::config {

enum class Side { smtp, lmtp };

class SidedParams : public ParamGroup {
 public:
  explicit SidedParams(Side side) : side_(side) {}
  bool is_lmtp() const { return side_ == Side::lmtp; }

 protected:
  // "smtp_TEXT" or "lmtp_TEXT".
  std::string name(std::string_view text) const { return concat_side("", text); }
  // A default that is the value of such a parameter.
  std::string value_of(std::string_view text) const { return concat_side("$", text); }

 private:
  std::string concat_side(std::string_view before, std::string_view text) const {
    std::string out(before);
    out += is_lmtp() ? "lmtp_" : "smtp_";
    return out += text;
  }
  Side side_;
};

}  // namespace postern::config
