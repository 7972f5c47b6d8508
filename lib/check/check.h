// Is the configuration good, and is everything there that it speaks of? One judgement for all who ask: before a
// start and a reload, for the administrator, and for an edit that is about to be written.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/check/finding.h"
#include "lib/config/master_cf.h"
#include "lib/config/settings.h"

namespace postern::check {

// A configuration as it is or would be: the texts need not be on disk.
struct Subject {
  std::string directory;  // absolute; main.cf and master.cf are named as files in it
  std::string main_cf, master_cf;
};

// Reads both files of the directory. Fails when it or one of them cannot be read.
Result<Subject> read_subject(const std::string& directory);

// Examines both texts, and the programs, users, directories and tables that they name. Changes nothing. The
// findings are in the order of main.cf, then of master.cf; others come last.
std::vector<Finding> check(const Subject& subject);

// What master judges by itself before it starts or changes: the part that keeps it or a service from running, found
// without a look into any table.
struct Start {
  std::vector<config::Service>
      services;                   // the entries in force that are not disabled, in the order of the file
  std::vector<Finding> findings;  // as of check()
};
Start check_start(const config::Settings& settings, const config::MasterCf& master);

// True when one of them is an error.
bool has_error(const std::vector<Finding>& findings);

}  // namespace postern::check
