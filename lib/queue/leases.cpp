// Leases: messages whose deliveries a predecessor still waits for.
#include "lib/base/text.h"
#include "lib/queue/database.h"
#include "lib/queue/statements.h"

namespace postern::queue {

Result<void> Database::lease(const std::vector<std::int64_t>& messages, std::int64_t holder) {
  for (const std::int64_t message : messages) {
    if (statements_->lease.with(message, holder).run() != SQLITE_DONE) return failure("lease a message");
  }
  return {};
}

Result<std::vector<std::int64_t>> Database::holders() {
  return read_numbers(statements_->holders, "read leases");
}

Result<bool> Database::end_leases(std::int64_t holder) {
  auto due = run_change(statements_->due_again.with(holder), "end leases");
  if (!due) return due;
  return run_change(statements_->end_leases.with(holder), "end leases");
}

Result<bool> Database::end_lease(std::int64_t message, std::int64_t holder) {
  Statement& query = statements_->holder_of;
  const bool leased = query.with(message).step() == SQLITE_ROW && query.number(0) == holder;
  query.reset();
  if (!leased) return false;
  return run_change(statements_->end_lease.with(message), "end a lease");
}

}  // namespace postern::queue
