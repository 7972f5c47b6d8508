// Where the programs of this mail system are: installed, or in the directory where they were built.
#pragma once

#include <string>
#include <string_view>

#include "lib/config/settings.h"

namespace postern::config {

// The directory of the running program, absolute.
std::string own_directory();

// True when this command stands in bin/ beside a libexec/ with the service programs, as after a build.
bool runs_in_place();

// True for the places where packages of Postfix keep its service programs: a main.cf that was made for Postfix may name
// them, but what is there are not our programs.
bool is_directory_of_postfix(std::string_view directory);

// daemon_directory. Where main.cf does not set it, or names the programs of
// Postfix: standard_service_directory(), if ours are there.
Result<std::string> service_directory(const Settings& settings);

// Where the keys are that `postern` makes: tls/ below the directory of main.cf.
std::string own_keys_directory(std::string_view configuration_directory);

// The libexec/ beside us when we run in place, otherwise the built-in default of daemon_directory.
std::string standard_service_directory();

}  // namespace postern::config
