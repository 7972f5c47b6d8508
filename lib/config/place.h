// Where the programs of this mail system are: installed, or in the directory where they were built.
#pragma once

#include <string>

#include "lib/config/settings.h"

namespace postern::config {

// The directory of the running program, absolute.
std::string own_directory();

// True when this command stands in bin/ beside a libexec/ with the service programs, as after a build.
bool runs_in_place();

// daemon_directory. Where main.cf does not set it and we run in place: the libexec/ beside us.
Result<std::string> service_directory(const Settings& settings);

// The libexec/ beside us when we run in place, otherwise the built-in default of daemon_directory.
std::string standard_service_directory();

}  // namespace postern::config
