// The command line of postconf: what is asked for, of which name space, and how to show it.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/settings.h"
#include "lib/config/words.h"

namespace postern::postconf {

// What the words name: parameters of main.cf, entries of master.cf, their fields, their -o settings; or one
// of the lists of what this system supports; or a file of bounce templates.
enum class Space {
  main,
  services,
  fields,
  overrides,
  maps,
  locks,
  sasl_servers,
  sasl_clients,
  tls,
  templates,
  expanded_templates
};
enum class Verb { show, edit, remove, comment_out };

struct Request {
  Space space = Space::main;
  Verb verb = Verb::show;
  bool defaults = false;                             // -d: the built-in defaults
  bool set_only = false;                             // -n: what main.cf says
  bool names_only = false;                           // -H
  bool values_only = false;                          // -h
  bool fold = false;                                 // -f
  bool expand = false;                               // -x
  bool quiet = false;                                // -q
  bool builtin = true, service = true, user = true;  // -C: the classes of parameters to list
  config::Pairs overrides;                           // -o name=value
  std::string directory;                             // -c, or the variable MAIL_CONFIG, or the built-in one
  bool directory_named = false;                      // by -c or MAIL_CONFIG
  std::string tls_fact;                              // -T
  config::List words;
};

// The arguments behind the program's name; `mail_config` is the variable, null when it is not set. Fails with
// invalid: the text is what follows "postconf: fatal: ".
Result<Request> parse_arguments(const std::vector<std::string>& arguments, const char* mail_config);

}  // namespace postern::postconf
