// main.cf and master.cf, read and checked as one: either all of it is good, or there is an error that names
// the place.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/config/params/common_params.h"
#include "lib/config/params/master_params.h"
#include "lib/config/settings.h"
#include "lib/config/texts.h"
#include "master/service.h"

namespace postern::master {

// An entry of master.cf that gets no socket and no process here.
struct NotStarted {
  std::string name, type, program;  // "rewrite", "unix", "trivial-rewrite"
  std::size_t line = 0;             // in master.cf
  daemon::ServiceState state = daemon::ServiceState::folded;
  std::string why;  // "program trivial-rewrite is not needed: …", "program PATH is not there"
  bool operator==(const NotStarted& other) const;  // wherever in the file it stands
};

struct Configuration {
  explicit Configuration(config::Settings from) : settings(std::move(from)) {}

  config::Settings settings;
  config::Texts texts;  // what it was read from
  Fd main_cf;           // the text of main.cf, which nobody can change any more: what children read
  config::CommonParams common;
  config::MasterParams params;
  std::vector<Service> services;        // those that are to listen
  std::vector<NotStarted> not_started;  // their program is part of another one, or not installed
  std::vector<std::string> warnings;
};

// Understands both files of the directory, whose texts were read, and judges them as check::check_start does. Fails
// with invalid, not_found or denied; the text names file, line and word.
Result<std::unique_ptr<Configuration>> read_configuration(const std::string& directory,
                                                          const config::Texts& texts);

}  // namespace postern::master
