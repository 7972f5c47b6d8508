// Lines that -# or a person put '#' in front of, and what they would say without it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/config/lines.h"

namespace postern::postconf {

// A commented entry: its first physical line and those that continue it, which need not follow at once in master.cf.
struct Commented {
  std::vector<std::size_t> lines;
  std::string text;  // as one logical line, without '#'
};

// What stands behind '#' (or several) at the start of a line, without its end; empty for another line.
std::string_view behind_mark(std::string_view line);

// Commented settings of main.cf: "#name = value", with the lines behind them that look like their continuation.
std::vector<Commented> commented_settings(const config::Lines& lines);

// Commented entries of master.cf that could be read, with the lines behind them that hold more arguments: prose between
// these stays a comment.
std::vector<Commented> commented_services(const config::Lines& lines);

// Takes '#' away from these lines.
void uncomment(config::Lines& lines, const Commented& entry);

}  // namespace postern::postconf
