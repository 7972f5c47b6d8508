// A cache must never keep mail out: what cannot be read is put aside, and a new one begun.
#include <fcntl.h>

#include <chrono>

#include "lib/base/fd.h"
#include "lib/base/statement.h"
#include "lib/base/text.h"
#include "lib/screening/database.h"

namespace postern::screening {

namespace {

// How long a start may take to look for damage; of a large file only a part is looked at.
constexpr milliseconds kLook{200};
constexpr int kStepsBetween = 10'000;

int time_is_over(void* deadline) {
  return std::chrono::steady_clock::now() > *static_cast<const Deadline*>(deadline) ? 1 : 0;
}

Result<void> look_for_damage(const Database& database) {
  Deadline deadline = std::chrono::steady_clock::now() + kLook;
  sqlite3_progress_handler(database.handle(), kStepsBetween, time_is_over, &deadline);
  Result<void> looked;
  {
    Statement check(database.handle(), "PRAGMA quick_check(1)");
    const int code = check.step();
    const bool is_interrupted = (code & 0xff) == SQLITE_INTERRUPT;
    if (code == SQLITE_ROW && check.text(0) != "ok") {
      looked = fail(Errc::invalid, check.text(0));
    } else if (code != SQLITE_ROW && !is_interrupted) {
      looked = database.failure("look for damage");
    }
  }
  sqlite3_progress_handler(database.handle(), 0, nullptr, nullptr);
  return looked;
}

// Has the file read into memory, so that questions in the loop find it there. Before SQLite opens it: to close a file takes
// away the locks that a process has on it.
void warm(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file) ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_WILLNEED);
}

Result<std::unique_ptr<Database>> open_whole(const std::string& path) {
  auto database = Database::open(path, Database::Access::make);
  if (!database) return database;
  auto looked = look_for_damage(**database);
  if (!looked) return fail(looked.error());
  return database;
}

}  // namespace

Result<std::unique_ptr<Database>> open_or_begin(const std::string& path, std::string& warning) {
  const FileId found = file_id(path);
  warm(path);
  auto database = open_whole(path);
  if (database || database.error().kind != Errc::invalid) return database;
  auto moved = put_aside(path, found, database.error().text);
  if (!moved) return database;
  warning = std::move(*moved);
  return open_whole(path);
}

}  // namespace postern::screening
