// What commands and other messages change about a message of the queue.
#include "lib/base/text.h"
#include "lib/queue/database.h"
#include "lib/queue/statements.h"

namespace postern::queue {

Result<bool> Database::run_change(Statement& statement, std::string_view what) {
  if (statement.run() != SQLITE_DONE) return failure(what);
  return sqlite3_changes(handle()) > 0;
}

Result<Database::Removed> Database::remove(std::int64_t message) {
  Statements& s = *statements_;
  Removed removed;
  if (s.is_spooled.with(message).step() == SQLITE_ROW) {
    removed.existed = true;
    removed.spooled = s.is_spooled.number(0) != 0;
  }
  s.is_spooled.reset();
  if (s.remove_recipients.with(message).run() != SQLITE_DONE) return failure("remove recipients");
  if (s.remove.with(message).run() != SQLITE_DONE) return failure("remove a message");
  if (s.end_lease.with(message).run() != SQLITE_DONE) return failure("end a lease");
  return removed;
}

Result<bool> Database::hold(std::int64_t message) {
  return run_change(statements_->hold.with(message), "hold a message");
}

Result<bool> Database::release(std::int64_t message) {
  return run_change(statements_->release.with(message), "release a message");
}

Result<bool> Database::requeue(std::int64_t message) {
  return run_change(statements_->requeue.with(message), "requeue a message");
}

Result<bool> Database::expire(std::int64_t message) {
  return run_change(statements_->expire.with(message), "expire a message");
}

Result<bool> Database::hurry(std::int64_t message) {
  return run_change(statements_->hurry.with(message), "make a message due");
}

Result<std::vector<std::int64_t>> Database::of_site(const std::string& site, std::int64_t after,
                                                    std::size_t limit) {
  Statement& query = statements_->site;
  query.with(site, after, static_cast<std::int64_t>(limit));
  return read_numbers(query, "look for mail for a site");
}

Result<bool> Database::settle_recipient(const Settlement& settlement, std::int64_t number) {
  Statements& s = *statements_;
  const std::int64_t message = settlement.message;
  switch (settlement.how) {
    case Settlement::How::failure:
    case Settlement::How::success: {
      const bool failed = settlement.how == Settlement::How::failure;
      const auto state = failed ? RecipientState::failed : RecipientState::succeeded;
      return run_change(s.settle_told.with(message, number, static_cast<int>(state)), "settle a recipient");
    }
    case Settlement::How::forwarded: {
      auto expanded = run_change(s.settle_expanded.with(message, number), "settle a recipient");
      if (!expanded || *expanded) return expanded;
      return run_change(s.settle_forwarded.with(message, number), "settle a recipient");
    }
    case Settlement::How::nothing:
    case Settlement::How::delay: break;
  }
  return false;
}

Result<bool> Database::settle(const Settlement& settlement) {
  if (settlement.how == Settlement::How::nothing) return true;
  if (settlement.how == Settlement::How::delay)
    return run_change(statements_->settle_delay.with(settlement.message), "settle a warning");
  bool any = false;
  for (const std::int64_t number : settlement.recipients) {
    auto settled = settle_recipient(settlement, number);
    if (!settled) return settled;
    any = any || *settled;
  }
  // Whoever has the message in memory brings it to its end; one that waits is to be looked at.
  auto woken = run_change(statements_->wake_empty.with(settlement.message), "wake a settled message");
  if (!woken) return woken;
  return any;
}

}  // namespace postern::queue
