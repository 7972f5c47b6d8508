// The command line of sendmail, mailq and newaliases.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"

namespace postern::sendmail {

enum class Mode {
  deliver,  // -bm
  smtp,     // -bs
  verify,   // -bv
  list,     // -bp, mailq
  aliases,  // -bi, -I, newaliases
  daemon,   // -bd
  flush,    // -q
  nothing,  // -q30m: what runs the queue is qmgr
};

struct Options {
  Mode mode = Mode::deliver;
  std::string config_directory;  // -C; empty: not given
  std::string sender;            // -f, -r
  bool sender_given = false;
  std::string full_name;  // -F
  bool full_name_given = false;
  bool extract_recipients = false;  // -t
  bool ignore_dots = false;         // -i, -oi
  unsigned verbose = 0;             // -v
  std::string notify;               // -N, as NOTIFY= has it
  std::string ret;                  // -R: FULL or HDRS
  std::string envid;                // -V, as ENVID= has it
  std::string body_type;            // -B, -o8
  std::string alias_database;       // -oA
  std::string flush_id, flush_site; // -qI, -qR
  std::vector<std::string> recipients;
  std::vector<std::string> warnings;  // for standard error
};

// `name` is what we were called as. Fails with invalid; the text is Postfix's where Postfix has one.
Result<Options> parse_options(const std::string& name, const std::vector<std::string>& words);

}  // namespace postern::sendmail
