// What postconf says, gathered until the end: answers for standard output, warnings for standard error.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "postconf/arguments.h"

namespace postern::postconf {

struct Output {
  std::string out, err;
  bool quiet = false;    // -q: no remarks
  bool missing = false;  // something that was named is not there
  bool changed = false;  // an edit changed something, or would
  bool failed = false;   // --check found an error

  void line(std::string_view text);
  void warn(std::string_view text);
  // A warning of a name that is not used, or not defined.
  void remark(std::string_view text);
};

// Where a value stands.
struct Origin {
  std::string_view kind;  // "file", "default", or "override": an -o of the command line
  std::string path = {};
  std::size_t line = 0;
};

// "name = value", or what the request wants of it: with -j an object; with --origin and its place in front. In text runs
// of white space become one blank; with -f the line is folded at 80 columns. An empty value is "name =".
std::string setting_line(const Request& request, const Origin& origin, std::string_view name,
                         std::string_view value);

// What --origin puts in front of a line, and nothing without it.
std::string origin_text(const Request& request, const Origin& origin);

// The failure that ends the program when a value cannot be expanded, after a warning that says why.
Failure cannot_expand(const Error& error, Output& output);

}  // namespace postern::postconf
