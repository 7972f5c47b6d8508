// What a table of header_checks or body_checks wants: its right-hand sides (header_checks(5)).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::cleanup {

struct Action {
  enum class Kind {
    dunno,     // also OK: the next line
    bcc,       // text: an address
    discard,   // take it and forget it
    filter,    // text: transport:nexthop
    hold,      //
    ignore,    // leave the line out
    info,      //
    pass,      // no more checks
    prepend,   // text: a line before this one
    redirect,  // text: an address
    reject,    // text: perhaps with an enhanced status code
    replace,   // text: a line instead of this one
    strip,     // leave the line out, and say so
    warn,      //
    unknown,   // no action; also one whose text does not do: `problem` says why
  } kind = Kind::unknown;
  std::string_view text;  // in the value
  std::string problem;
};

// `table` names the parameter for problems; `field`: a line that is put in must be a header field.
Action parse_action(std::string_view value, std::string_view table, bool field);

// The text of a rejection with an enhanced status code in front: "5.7.1 TEXT" unless it has one of class 4 or 5; without
// a text "5.7.1 message content rejected".
std::string rejection(std::string_view text);

// The characters that a parameter lists, with \a \b \f \n \r \t \v \\ and \NNN (octal) for what cannot be written.
std::string unescape(std::string_view text);

}  // namespace postern::cleanup
