// What screening has counted, as a table for people and as JSON for programs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "commands/postern/layout.h"
#include "lib/control/status.h"
#include "lib/screening/report.h"

namespace postern::commands {

struct ScreeningView {
  screening::Report report;
  std::int64_t first = 0, end = 0;  // seconds since 1970
  bool is_live = false;             // since the oldest of the processes that run started
  std::int64_t sessions = 0;        // at this moment, if live
};

// The numbers of the processes of that program that run, added up; nothing when there is none.
std::optional<ScreeningView> view_of(const control::SystemStatus& status, std::string_view program,
                                     std::size_t networks);

std::string screening_text(const ScreeningView& view, const Canvas& canvas);

// One object, in one line: `first` and `end` in seconds since 1970, `live`, each number by its name (also those that are 0),
// `lists` by name, `networks` as a list, and what each decision cost.
std::string screening_json(const ScreeningView& view);

}  // namespace postern::commands
