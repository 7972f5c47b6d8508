// What a user asked for that cannot be.
#pragma once

#include <string>
#include <utility>

#include "lib/base/result.h"

namespace postern::postconf {

inline Failure invalid(std::string text) { return fail(Errc::invalid, std::move(text)); }

}  // namespace postern::postconf
