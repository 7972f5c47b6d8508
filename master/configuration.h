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

struct Configuration {
  explicit Configuration(config::Settings from) : settings(std::move(from)) {}

  config::Settings settings;
  config::Texts texts;  // what it was read from
  Fd main_cf;  // its text, which nobody can change any more: what children read
  config::CommonParams common;
  config::MasterParams params;
  std::vector<Service> services;     // those that are to run
  std::vector<std::string> missing;  // "rewrite (trivial-rewrite)": their program is not there
  std::vector<std::string> warnings;
};

// Understands both files of the directory, whose texts were read. Fails with invalid, not_found or denied; the text
// names file, line and word.
Result<std::unique_ptr<Configuration>> read_configuration(const std::string& directory,
                                                          const config::Texts& texts);

// What children see: import_environment applied to our own environment.
std::vector<std::string> import_environment(const std::vector<std::string>& names);

}  // namespace postern::master
