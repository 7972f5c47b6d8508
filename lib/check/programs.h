// The programs that a stock master.cf of Postfix names: which of them are part of another one here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::check {

// Who does the work of that program here: "trivial-rewrite" gives "a library of smtpd and qmgr". Nothing when
// the program is one of its own.
std::optional<std::string_view> folded_into(std::string_view program);

// True for the programs of Postfix: one of these that is not there is not (yet) part of this installation,
// any other is more likely a slip of the pen.
bool is_known_program(std::string_view program);

// ": did you mean NAME?" for a program whose name is nearly one of these; or nothing.
std::string likely_program(std::string_view program);

}  // namespace postern::check
