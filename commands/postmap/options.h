// What postmap and postalias are asked to do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"

namespace postern::postmap {

// One program by two names: they differ in the form of a table's text.
enum class Program { postmap, postalias };

struct Options {
  Program program = Program::postmap;
  std::string directory;                             // -c
  std::optional<std::string> key;                    // -q or -d; "-": keys come from standard input
  bool query = false, remove = false, list = false;  // -q, -d, -s
  bool add = false;                                  // -i: to what is there, from standard input
  bool replace = false;                              // -r: of two equal keys the last counts
  bool quiet = false;                                // -w: equal keys are no reason for a warning
  bool fold = true;                                  // not with -f
  bool files = false;       // -F: values are names of files, whose content is kept in base64
  bool keep_root = false;   // -o
  bool plain_mode = false;  // -p: the mode does not follow the source's
  bool headers = false, body = false,
       mime = false;                // -h, -b, -m: what comes from standard input is a message
  bool json = false;                // -j: of -q and -s
  unsigned verbose = 0;             // -v
  std::vector<std::string> tables;  // TYPE:NAME, or NAME

  std::string name() const { return program == Program::postmap ? "postmap" : "postalias"; }
};

// From the words of the command line, the program's name first. Fails with the usage line.
Result<Options> parse_options(std::vector<std::string> words);

}  // namespace postern::postmap
