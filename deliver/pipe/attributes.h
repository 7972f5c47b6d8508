// What master.cf says behind "pipe": NAME=VALUE attributes, the last of which is the command.
#pragma once

#include <cstdint>
#include <string>

#include "deliver/common/command_input.h"
#include "lib/base/result.h"
#include "lib/config/command_words.h"

namespace postern::deliver {

struct PipeAttributes {
  config::CommandWords command;  // user= and argv=
  std::string chroot;
  std::string directory;
  std::string null_sender = "MAILER-DAEMON";
  std::int64_t size = 0;      // the largest message, in bytes; 0: any
  InputForm form;             // flags B > . and eol=
  bool from_line = false;     // F
  bool return_path = false;   // R
  bool original_to = false;   // O
  bool delivered_to = false;  // D, which looks for loops too
  bool final = false;         // X: success means that it is delivered, not passed on
  bool fold_host = false;     // h
  bool fold_user = false;     // u
  bool quote = false;         // q
};

// Reads the words of the entry. Names may be in either case. Fails with invalid, naming what it does not understand.
Result<PipeAttributes> parse_pipe_attributes(const config::List& words);

}  // namespace postern::deliver
