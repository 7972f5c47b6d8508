#include "lib/table/memory_tables.h"

#include <algorithm>
#include <cstdlib>

#include "lib/base/text.h"
#include "lib/config/words.h"

namespace postern::table {

namespace {

class StaticTable : public MemoryTable {
 public:
  StaticTable(std::string name, std::string value) : MemoryTable(std::move(name)), value_(std::move(value)) {}

 private:
  Found find(std::string_view) const override { return value_; }
  std::string value_;
};

class FailTable : public MemoryTable {
 public:
  FailTable(std::string name, std::string_view text)
      : MemoryTable(std::move(name), KeyForm::pattern), text_(text) {}

 private:
  Found find(std::string_view) const override { return fail(Errc::busy, text_); }
  std::string text_;
};

class EnvironTable : public MemoryTable {
 public:
  using MemoryTable::MemoryTable;

 private:
  Found find(std::string_view key) const override {
    const char* value = std::getenv(std::string(key).c_str());
    return value == nullptr ? Found(std::nullopt) : Found(std::string(value));
  }
};

// "k=v" or "{ k = v }" as its two sides.
Result<std::pair<std::string, std::string>> parse_pair(std::string_view word) {
  auto plain = config::without_braces(word);
  if (!plain) return fail(plain.error());
  const auto equals = plain->find('=');
  if (equals == std::string::npos) return fail(Errc::invalid, concat("missing '=' in \"", *plain, "\""));
  auto key = lower(trim(std::string_view(*plain).substr(0, equals)));
  if (key.empty()) return fail(Errc::invalid, concat("missing name in \"", *plain, "\""));
  return std::pair(std::move(key), std::string(trim(std::string_view(*plain).substr(equals + 1))));
}

}  // namespace

Result<Values> parse_inline(std::string_view argument) {
  if (!argument.starts_with('{')) return fail(Errc::invalid, "expected {name=value, ...}");
  const auto inner = config::without_braces(argument);
  if (!inner) return fail(inner.error());
  const auto words = config::split_braced(*inner, config::kListSeparators);
  if (!words) return fail(words.error());
  if (words->empty()) return fail(Errc::invalid, "empty table");
  Values values;
  for (const auto& word : *words) {
    auto pair = parse_pair(word);
    if (!pair) return fail(pair.error());
    values.insert_or_assign(std::move(pair->first), std::move(pair->second));
  }
  return values;
}

Found PairTable::find(std::string_view key) const {
  std::string folded;
  if (std::any_of(key.begin(), key.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
    folded = lower(key);
    key = folded;
  }
  if (!broken_.empty()) {
    const auto mistake = broken_.find(key);
    if (mistake != broken_.end()) return fail(Errc::busy, mistake->second);
  }
  const auto place = values_.find(key);
  if (place == values_.end()) return std::nullopt;
  return place->second;
}

Result<Records> PairTable::all() const { return Records(values_.begin(), values_.end()); }

Result<std::unique_ptr<Table>> open_static(std::string name, std::string_view argument) {
  auto value = config::without_braces(argument);
  if (!value) return fail(value.error().kind, concat(name, ": ", value.error().text));
  return std::make_unique<StaticTable>(std::move(name), std::move(*value));
}

Result<std::unique_ptr<Table>> open_inline(std::string name, std::string_view argument) {
  auto values = parse_inline(argument);
  if (!values) return fail(values.error().kind, concat(name, ": ", values.error().text));
  return std::make_unique<PairTable>(std::move(name), std::move(*values));
}

Result<std::unique_ptr<Table>> open_fail(std::string name, std::string_view argument) {
  return std::make_unique<FailTable>(std::move(name), argument);
}

Result<std::unique_ptr<Table>> open_environ(std::string name, std::string_view) {
  return std::make_unique<EnvironTable>(std::move(name));
}

}  // namespace postern::table
