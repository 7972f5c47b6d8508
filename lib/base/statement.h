// A prepared SQLite statement that is used again and again. Whoever includes this links SQLite.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace postern {

class Statement {
 public:
  Statement(sqlite3* handle, const char* sql) {
    sqlite3_prepare_v3(handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  explicit operator bool() const { return statement_ != nullptr; }

  // Binds the next parameters, in order. Texts must live until the statement is reset.
  template <class... Values>
  Statement& with(const Values&... values) {
    int at = 0;
    (bind(++at, values), ...);
    return *this;
  }
  // A blob as parameter `at`.
  Statement& blob(int at, std::string_view bytes) {
    sqlite3_bind_blob64(statement_, at, bytes.data(), bytes.size(), SQLITE_STATIC);
    return *this;
  }

  // One parameter.
  void bind_at(int at, const std::variant<std::int64_t, std::string>& value) {
    std::visit([this, at](const auto& held) { bind(at, held); }, value);
  }

  // Runs to the next row: SQLITE_ROW, SQLITE_DONE or an error.
  int step() { return sqlite3_step(statement_); }
  // Runs a statement that gives no rows; SQLITE_DONE or an error.
  int run() {
    const int code = sqlite3_step(statement_);
    sqlite3_reset(statement_);
    return code;
  }
  void reset() { sqlite3_reset(statement_); }

  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string text(int column) const {
    const void* bytes = sqlite3_column_blob(statement_, column);
    if (bytes == nullptr) return {};
    return {static_cast<const char*>(bytes),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  void bind(int at, std::int64_t value) { sqlite3_bind_int64(statement_, at, value); }
  void bind(int at, int value) { sqlite3_bind_int(statement_, at, value); }
  void bind(int at, bool value) { sqlite3_bind_int(statement_, at, value ? 1 : 0); }
  void bind(int at, std::string_view value) {
    const char* text = value.empty() ? "" : value.data();  // without a place it would be NULL
    sqlite3_bind_text64(statement_, at, text, value.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace postern
