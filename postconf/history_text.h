// Records of the history as lines of JSON, and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "postconf/history.h"

namespace postern::postconf {

// One line, without its end. Bytes that are not UTF-8 survive.
std::string line_of(const Record& record);

// Nothing for a line that is no record. Any bytes may be given.
std::optional<Record> record_of(std::string_view line);

// The number of the record without reading all of it; 0 when there is none.
std::size_t number_of(std::string_view line);

}  // namespace postern::postconf
