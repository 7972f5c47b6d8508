#include "postconf/table_files.h"

#include <algorithm>
#include <string>

#include "lib/base/text.h"
#include "lib/config/databases.h"
#include "lib/config/main_cf.h"

namespace postern::postconf {

void warn_of_unused_in_tables(std::string_view value, Output& output) {
  config::each_database_table(value, [&](const config::DatabaseType& type, std::string_view table) {
    if (!config::is_table_file(table)) return;
    const auto file = config::MainCf::read(std::string(table));
    if (!file) return;
    for (const auto& entry : file->entries()) {
      const auto& known = type.parameters;
      if (file->find(entry.name) != &entry ||
          std::find(known.begin(), known.end(), entry.name) != known.end()) {
        continue;
      }
      output.remark(concat(type.name, ":", table, ": unused parameter: ", entry.name, "=", entry.value));
    }
  });
}

}  // namespace postern::postconf
