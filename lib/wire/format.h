// Command lines as a client writes them: the way back from the structs of command.h.
#pragma once

#include <string>

#include "lib/wire/command.h"

namespace postern::wire {

// "MAIL FROM:<ann@example.com> SIZE=1000 BODY=8BITMIME", with the parameters that are set and without line
// ending. The caller leaves unset what the server did not offer. parse_command reads the line back as the
// same struct.
std::string format_command(const Mail& command);
std::string format_command(const Rcpt& command);
std::string format_command(const Bdat& command);

}  // namespace postern::wire
