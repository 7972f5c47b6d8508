// Tables that are held in memory: they answer at once.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "lib/table/openers.h"
#include "lib/table/opening.h"
#include "lib/table/table.h"

namespace postern::table {

// For lookups in unordered containers by string_view, without a copy of the key.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
using Values = std::unordered_map<std::string, std::string, TextHash, std::equal_to<>>;

class MemoryTable : public Table {
 public:
  using Table::Table;
  net::Task<Found> lookup(std::string_view key) override { co_return find(key); }

 protected:
  virtual Found find(std::string_view key) const = 0;
};

// Pairs whose keys are in lower case, and keys that a mistake in the source leaves without a value, each with what is
// wrong: their lookups fail.
class PairTable : public MemoryTable {
 public:
  explicit PairTable(std::string name, Values values, Values broken = {})
      : MemoryTable(std::move(name)), values_(std::move(values)), broken_(std::move(broken)) {}
  Result<Records> all() const override;

 private:
  Found find(std::string_view key) const override;
  Values values_, broken_;
};

enum class TextForm { pairs, aliases };

struct Pairs {
  Values values;  // keys in lower case
  Values broken;
};
// The pairs in the text of a table's source (records.h). Of two equal keys the first counts, and a warning is
// reported: "PATH, line N: duplicate entry: "KEY"".
Pairs read_text(std::string_view text, std::string_view path, TextForm form, const Report& report);

// The pairs in "{ k=v, { k = v } }"; of two equal keys the last counts. Fails with invalid.
Result<Values> parse_inline(std::string_view argument);

}  // namespace postern::table
