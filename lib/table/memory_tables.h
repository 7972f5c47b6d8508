// Tables that are held in memory: they answer at once.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

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

// Pairs whose keys are in lower case.
class PairTable : public MemoryTable {
 public:
  PairTable(std::string name, Values values) : MemoryTable(std::move(name)), values_(std::move(values)) {}

 private:
  Found find(std::string_view key) const override;
  Values values_;
};

// Each opens a table of one type; `name` is the whole TYPE:NAME, `argument` what stands behind the colon.
Result<std::unique_ptr<Table>> open_static(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_inline(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_fail(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_environ(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_texthash(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_unix(std::string name, std::string_view argument);

// The pairs in the text of a file of postmap(5) form: a key, white space, a value; a key with white space
// stands in double quotes; empty lines and lines whose first character other than white space is '#' are
// ignored; a line that starts with white space continues the one before. Of two equal keys the first counts,
// and `warn` is called: "PATH, line N: duplicate entry: "KEY"". Fails with invalid: "PATH, line N: …".
using Warn = std::function<void(const std::string& text)>;
Result<Values> parse_texthash(std::string_view text, std::string_view path, const Warn& warn);

// The pairs in "{ k=v, { k = v } }". Fails with invalid.
Result<Values> parse_inline(std::string_view argument);

}  // namespace postern::table
