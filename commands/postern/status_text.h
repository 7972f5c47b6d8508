// The status of a running system as a tree for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "commands/postern/layout.h"
#include "commands/postern/rates.h"
#include "lib/control/status.h"

namespace postern::commands {

// The tree, line by line; with rates, of those that are known.
std::vector<Line> status_lines(const control::SystemStatus& status, const Rates* rates = nullptr);

// The same as text, each line with its end.
std::string status_text(const control::SystemStatus& status, const Canvas& canvas,
                        const Rates* rates = nullptr);

// "42s", "3m07s", "5h12m", "12d3h".
std::string format_age(std::int64_t micros);

}  // namespace postern::commands
