// Is the configuration good, and is everything there that it speaks of? One judgement for all who ask: before a
// start and a reload, for the administrator, and for an edit that is about to be written.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/check/finding.h"

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

// True when one of them is an error.
bool has_error(const std::vector<Finding>& findings);

}  // namespace postern::check
