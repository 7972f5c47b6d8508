// The command line of postconf: what is asked for, of which name space, and how to show it.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/words.h"

namespace postern::postconf {

// What the words name: parameters of main.cf, entries of master.cf, their fields, their -o settings, their
// other options and arguments; the system that runs; or one of the lists of what this system supports.
enum class Space {
  main,
  services,
  fields,
  overrides,
  options,
  running,
  maps,
  locks,
  sasl_servers,
  sasl_clients,
  tls,
  templates,          // of bounces, as written
  expanded_templates  // as they read in use
};
enum class Verb { show, edit, remove, comment_out, uncomment, clone, rename };

// One name space, one verb, and its words. A query has one step, an edit may have several.
struct Step {
  Space space = Space::main;
  Verb verb = Verb::show;
  config::List words = {};
  bool gently = false;  // what has its value already stays as it is written
};

// What to do with the steps, or without any.
enum class Task { query, edit, apply, check, explain, history, undo, help };

struct Request {
  Task task = Task::query;
  std::vector<Step> steps{1};

  bool defaults = false;                             // -d: the built-in defaults
  bool set_only = false;                             // -n: what main.cf says
  bool names_only = false;                           // -H
  bool values_only = false;                          // -h
  bool fold = false;                                 // -f
  bool expand = false;                               // -x
  bool json = false;                                 // -j
  bool origin = false;                               // --origin: where each value stands
  bool effective = false;                            // -P -P: every parameter of a service
  bool quiet = false;                                // -q
  bool builtin = true, service = true, user = true;  // -C: the classes of parameters to list
  config::Pairs overrides;                           // -o name=value
  std::string directory;                             // -c, or the variable MAIL_CONFIG, or the built-in one
  bool directory_named = false;                      // by -c or MAIL_CONFIG
  std::string tls_fact;                              // -T
  std::string where;                                 // --where: which services

  config::Pairs conditions;  // --if name=value
  bool create = false;       // --create: a service that is not there yet
  bool dry_run = false;      // --dry-run: show what would change
  bool check = false;        // --check: of an edit, judge what it would make
  bool reload = false;       // --reload
  bool status = false;       // --status: the exit status says what became of it
  std::string file;          // --apply
  std::size_t number = 0;    // --history N: one of them; --undo N: how many
  config::List command;      // the whole command line, for the history

  // The only step of a query.
  const Step& step() const { return steps.front(); }
};

// The arguments behind the program's name; `mail_config` is the variable, null when it is not set. Fails with
// invalid: the text is what follows "postconf: fatal: ".
Result<Request> parse_arguments(const std::vector<std::string>& arguments, const char* mail_config);

}  // namespace postern::postconf
