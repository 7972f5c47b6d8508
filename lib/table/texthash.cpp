#include "lib/base/text.h"
#include "lib/table/memory_tables.h"
#include "lib/table/records.h"

namespace postern::table {

Pairs read_text(std::string_view text, std::string_view path, TextForm form, const Report& report) {
  Pairs pairs;
  TakeRecords to;
  to.report = report;
  to.take = [&](Record record) {
    const auto [place, fresh] = pairs.values.try_emplace(lower(record.key), record.value);
    if (fresh) return;
    report(Trouble::warning, concat(record.where, ": duplicate entry: \"", printable(record.key, 100), '"'));
  };
  to.broken = [&](const std::string& key, const std::string& mistake) {
    if (!key.empty()) pairs.broken.try_emplace(lower(key), mistake);
  };
  if (form == TextForm::pairs) {
    read_pairs(text, path, to);
  } else {
    read_aliases(text, path, to);
  }
  return pairs;
}

Result<std::unique_ptr<Table>> open_texthash(std::string name, std::string_view argument) {
  const auto text = read_watched(std::string(argument), kLongestSource);
  if (!text) return fail(text.error());
  auto pairs = read_text(*text, argument, TextForm::pairs, Opening::report);
  return std::make_unique<PairTable>(std::move(name), std::move(pairs.values), std::move(pairs.broken));
}

}  // namespace postern::table
