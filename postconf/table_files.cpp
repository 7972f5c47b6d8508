#include "postconf/table_files.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "lib/base/text.h"
#include "lib/config/databases.h"
#include "lib/config/main_cf.h"

namespace postern::postconf {

namespace {

void warn_of_unused_in(const config::MainCf& file, const config::DatabaseType& type, std::string_view table,
                       Output& output) {
  const auto& known = type.parameters;
  for (const auto& entry : file.entries()) {
    if (file.find(entry.name) != &entry || std::find(known.begin(), known.end(), entry.name) != known.end()) {
      continue;
    }
    output.remark(concat(type.name, ":", table, ": unused parameter: ", entry.name, "=", entry.value));
  }
}

}  // namespace

void warn_of_tables(std::string_view value, std::string_view where, Output& output) {
  const auto mistake = [&](const std::string& text) { output.warn(concat(where, ": ", text)); };
  const auto table = [&](const config::DatabaseType& type, std::string_view name) {
    if (!config::is_table_file(name)) return;
    const auto file = config::MainCf::read(std::string(name));
    if (file) return warn_of_unused_in(*file, type, name, output);
    const auto why = file.error().sys == 0 ? file.error().text : std::string(std::strerror(file.error().sys));
    output.warn(concat("open \"", type.name, "\" configuration \"", name, "\": ", why));
  };
  config::each_database_table(value, table, mistake);
}

}  // namespace postern::postconf
