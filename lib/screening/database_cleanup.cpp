// What a Database does so that its file does not grow for ever.
#include <vector>

#include "lib/base/text.h"
#include "lib/screening/database.h"
#include "lib/screening/statements.h"

namespace postern::screening {

namespace {

constexpr std::string_view kEnded = "cleanup_ended";
constexpr std::string_view kClaimed = "cleanup_claimed_until";
// Who has claimed the work and is not done by then is thought dead.
constexpr std::int64_t kClaim = 3600;

}  // namespace

Result<void> Database::set_state(std::string_view name, std::int64_t value) {
  if (statements_->set_state.with(name, value).run() != SQLITE_DONE) return failure("write");
  return {};
}

Result<std::int64_t> Database::state(std::string_view name) {
  Statement& state = statements_->state;
  const int code = state.with(name).step();
  const std::int64_t value = code == SQLITE_ROW ? state.number(0) : 0;
  state.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return failure("read");
  return value;
}

Result<std::int64_t> Database::last_cleanup() { return state(kEnded); }

Result<bool> Database::claim_cleanup(std::int64_t now, std::int64_t interval) {
  bool ours = false;
  const auto asked = file_.transact([&]() -> Result<void> {
    const auto ended = state(kEnded);
    const auto claimed = state(kClaimed);
    if (!ended) return fail(ended.error());
    if (!claimed) return fail(claimed.error());
    // A time far ahead is from a clock that was wrong.
    const bool is_due = *ended + interval <= now || *ended > now;
    const bool is_free = *claimed <= now || *claimed > now + kClaim;
    ours = is_due && is_free;
    return ours ? set_state(kClaimed, now + kClaim) : Result<void>();
  });
  if (!asked) return fail(asked.error());
  return ours;
}

Result<void> Database::clean(Cleanup& state, std::int64_t oldest, int limit) {
  std::vector<std::string> old;
  Statement& page = statements_->page;
  page.with(std::string_view(state.at), limit);
  int code = SQLITE_ROW;
  int seen = 0;
  std::string last = state.at;
  while ((code = page.step()) == SQLITE_ROW) {
    ++seen;
    last = page.text(0);
    if (page.number(1) < oldest) old.push_back(last);
  }
  page.reset();
  if (code != SQLITE_DONE) return failure("read");
  if (!old.empty()) {
    auto dropped = file_.transact([&]() -> Result<void> {
      for (const auto& client : old) {
        if (statements_->drop.with(std::string_view(client), oldest).run() != SQLITE_DONE)
          return failure("write");
      }
      return {};
    });
    if (!dropped) return dropped;
  }
  state.at = std::move(last);
  state.ended = seen < limit;
  state.dropped += static_cast<std::int64_t>(old.size());
  state.retained += seen - static_cast<std::int64_t>(old.size());
  return {};
}

Result<void> Database::end_cleanup(std::int64_t now) {
  return file_.transact([&]() -> Result<void> {
    const std::int64_t hour = now / 3600;
    if (statements_->drop_numbers.with(hour - kHoursKept).run() != SQLITE_DONE ||
        statements_->drop_networks.with(hour - kNetworkHoursKept).run() != SQLITE_DONE) {
      return failure("write");
    }
    auto said = set_state(kEnded, now);
    return said ? set_state(kClaimed, 0) : said;
  });
}

}  // namespace postern::screening
