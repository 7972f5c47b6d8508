// Both files, as far as they can be read.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/check/finding.h"
#include "lib/config/main_cf.h"
#include "lib/config/master_cf.h"

namespace postern::check {

// Parses the text of a file. Each entry that is malformed is a finding, and is left out; the others stay on
// their lines. Nothing when the text does not fall into entries at all.
std::optional<config::MainCf> parse_main(std::string_view text, const std::string& path,
                                         std::vector<Finding>& findings);
std::optional<config::MasterCf> parse_master(std::string_view text, const std::string& path,
                                             std::vector<Finding>& findings);

}  // namespace postern::check
