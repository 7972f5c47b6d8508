// What the arguments of a service hold beside its -o settings, as name=value pairs:
//
//   verbose         how many -v
//   debug           y or n: -D
//   option/X        another option -X, with its value or an empty one
//   argument/NAME   a word NAME=VALUE behind the options, up to argv= (pipe and spawn take what follows as a command)
//   argument/N      any other such word by its place among them, from 1
#pragma once

#include <string_view>

#include "lib/base/result.h"
#include "lib/config/service.h"

namespace postern::config {

// Whether such a pair can exist.
bool is_option_name(std::string_view name);

// All pairs in this order; verbose and debug are always there.
Pairs options_of(const Service& service);

// The same service with another value. A NAME that is new stands in front of argv=, or comes last; N may be one past
// the last. Fails with invalid on a name that is none, on a value that the pair cannot have, and on a word that would
// be read as something else in its place.
Result<Service> with_option(const Service& service, std::string_view name, std::string_view value);
// The same service without it: no -v, no -D, the option or word gone. What is not there is no mistake.
Result<Service> without_option(const Service& service, std::string_view name);

}  // namespace postern::config
