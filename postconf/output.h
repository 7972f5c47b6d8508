// What postconf says, gathered until the end: answers for standard output, warnings for standard error.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "postconf/arguments.h"

namespace postern::postconf {

struct Output {
  std::string out, err;
  bool quiet = false;  // -q: no remarks

  void line(std::string_view text);
  void warn(std::string_view text);
  // A warning of a name that is not used, or not defined.
  void remark(std::string_view text);
};

// "name = value", or what the request wants of it. Runs of white space become one blank; with -f the line is
// folded at 80 columns. An empty value is "name =".
std::string setting_line(const Request& request, std::string_view name, std::string_view value);

// The failure that ends the program when a value cannot be expanded, after a warning that says why.
Failure cannot_expand(const Error& error, Output& output);

}  // namespace postern::postconf
