// What master.cf says behind "pipe": NAME=VALUE attributes, the last of which is the command.
#pragma once

#include <cstdint>
#include <string>

#include "lib/base/result.h"
#include "lib/config/command_words.h"

namespace postern::config {

struct PipeAttributes {
  CommandWords command;  // user= and argv=
  std::string chroot;
  std::string directory;
  std::string null_sender = "MAILER-DAEMON";
  std::int64_t size = 0;        // the largest message, in bytes; 0: any
  std::string line_end = "\n";  // eol=
  bool blank_line = false;      // B: an empty line behind the message
  bool quote_from = false;      // >: before "From " at the beginning of a line
  bool quote_dots = false;      // .: a second one at the beginning of a line
  bool from_line = false;       // F
  bool return_path = false;     // R
  bool original_to = false;     // O
  bool delivered_to = false;    // D, which looks for loops too
  bool final = false;           // X: success means that it is delivered, not passed on
  bool fold_host = false;       // h
  bool fold_user = false;       // u
  bool quote = false;           // q
};

// Reads the words of the entry. Names may be in either case. Fails with invalid, naming what it does not understand.
Result<PipeAttributes> parse_pipe_attributes(const List& words);

}  // namespace postern::config
