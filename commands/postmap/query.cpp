#include "commands/postmap/query.h"

#include <algorithm>
#include <cstdio>

#include "commands/postmap/content.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/net/scope.h"

namespace postern::postmap {

namespace {

// The answer goes where who waits for it finds it.
net::Task<void> fetch(net::Loop& loop, table::Table& table, std::string key,
                      std::optional<table::Found>& answer) {
  answer = co_await table.lookup(key);
  loop.stop();
}

Failure query_error(const table::Table& table, const Error& error) {
  return fail(error.kind, concat("table ", table.name(), ": query error: ", error.text));
}

}  // namespace

table::Found Query::ask(table::Table& table, const std::string& key) {
  if (!options_.fold && table.form() == table::KeyForm::fixed) {
    // Lookups fold; what was built with -f holds keys of other letters too.
    const auto records = table.all();
    if (records) {
      const auto place = std::find_if(records->begin(), records->end(),
                                      [&](const auto& record) { return record.first == key; });
      return place == records->end() ? table::Found(std::nullopt) : table::Found(place->second);
    }
  }
  std::optional<table::Found> answer;
  net::Scope scope(loop_);
  scope.spawn(fetch(loop_, table, key, answer));
  while (!answer) loop_.turn(net::Loop::Wait::yes);
  return std::move(*answer);
}

Result<std::optional<std::string>> Query::look_up(const std::string& key) {
  for (const auto& table : tables_) {
    auto found = ask(*table, key);
    if (!found) return query_error(*table, found.error());
    if (!*found) continue;
    if ((*found)->empty()) {
      log_warning(concat("table ", table->name(), ": key ", key, ": empty string result is not allowed"));
      log_warning(concat("table ", table->name(), " should return NO RESULT in case of NOT FOUND"));
    }
    auto value = shown(std::move(**found));
    if (!value) return query_error(*table, value.error());
    return std::optional(std::move(*value));
  }
  return std::optional<std::string>();
}

Result<std::string> Query::shown(std::string value) const {
  if (!options_.files) return value;
  return decoded(value);
}

Result<void> Query::print(const std::string& key, const std::string& value) const {
  std::string text = concat(key, '\t', value, '\n');
  if (options_.json) text = JsonObject().add("key", key).add("value", value).text() + '\n';
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return {};
  return fail(Errc::io, "write standard output");
}

Result<bool> Query::one(const std::string& key) {
  const auto value = look_up(key);
  if (!value) return fail(value.error());
  if (!*value) return false;
  if (options_.json) {
    auto printed = print(key, **value);
    if (!printed) return fail(printed.error());
    return true;
  }
  const auto text = **value + '\n';
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    return fail(Errc::io, "write standard output");
  }
  return true;
}

Result<void> Query::line(std::string_view key) {
  const std::string text(key);
  const auto value = look_up(text);
  if (!value) return fail(value.error());
  if (!*value) return {};
  any_ = true;
  return print(text, **value);
}

Result<bool> Query::lines(std::string_view text) {
  while (!text.empty()) {
    auto key = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), key.size() + 1));
    if (key.ends_with('\r')) key.remove_suffix(1);
    auto asked = line(key);
    if (!asked) return fail(asked.error());
  }
  return any_;
}

Result<void> Query::everything() {
  for (const auto& table : tables_) {
    auto records = table->all();
    if (!records) return fail(records.error());
    std::sort(records->begin(), records->end());
    for (auto& [key, stored] : *records) {
      const auto value = shown(std::move(stored));
      if (!value) return query_error(*table, value.error());
      auto printed = print(key, *value);
      if (!printed) return printed;
    }
  }
  return {};
}

}  // namespace postern::postmap
