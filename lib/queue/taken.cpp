// Submissions of this host that the queue knows although their files may still be in maildrop/: so that one is taken
// once, whoever is killed between the commit and the removal of the file.
#include "lib/queue/database.h"
#include "lib/queue/statements.h"

namespace postern::queue {

Result<void> Database::note_taken(std::int64_t message) {
  if (statements_->note_taken.with(message).run() != SQLITE_DONE) return failure("note a submission");
  return {};
}

Result<bool> Database::is_taken(std::int64_t message) {
  Statement& query = statements_->is_taken;
  const int code = query.with(message).step();
  query.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return failure("look for a submission");
  return code == SQLITE_ROW;
}

Result<void> Database::forget_taken(const std::vector<std::int64_t>& messages) {
  for (const std::int64_t message : messages) {
    if (statements_->forget_taken.with(message).run() != SQLITE_DONE) return failure("forget a submission");
  }
  return {};
}

}  // namespace postern::queue
