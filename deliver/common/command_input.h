// A message as a command gets it on its standard input.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/ipc/messages/deliver.h"

namespace postern::deliver {

// How lines change on their way.
struct InputForm {
  bool quote_from = false;  // ">" before "From " at the beginning of a line
  bool quote_dots = false;  // "." before "." at the beginning of a line
  bool blank_line = false;  // an empty line behind the message
  std::string line_end = "\n";
  bool is_plain() const { return !quote_from && !quote_dots && !blank_line && line_end == "\n"; }
};

// `head`, whose lines end in LF and are never quoted, and the content, in a file in memory that is at its beginning. The
// command may read it, and seek in it. Fails as reading the spool or memfd_create(2) does.
Result<Fd> command_input(const ipc::Deliver& message, std::string_view head, const InputForm& form);

}  // namespace postern::deliver
