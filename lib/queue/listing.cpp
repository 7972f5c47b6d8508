#include "lib/queue/listing.h"

#include <algorithm>
#include <chrono>

#include "lib/base/statement.h"
#include "lib/base/text.h"
#include "lib/queue/fields.h"
#include "lib/queue/rows.h"

namespace postern::queue {

namespace {

class Finder {
 public:
  explicit Finder(const Database& database)
      : database_(database),
        message_(
            database.handle(),
            concat("SELECT ", kMessageColumns,
                   ", CASE WHEN held = 0 THEN due END, held = 0 AND due IS NULL FROM message WHERE id = ?")
                .c_str()),
        recipients_(database.handle(),
                    concat("SELECT ", kRecipientColumns, " FROM recipient r WHERE r.message = ? AND ",
                           kWaiting, " ORDER BY r.number LIMIT ?")
                        .c_str()),
        count_(database.handle(),
               concat("SELECT count(*) FROM recipient r WHERE r.message = ? AND ", kWaiting).c_str()) {}

  Result<Listed> find(std::int64_t id, std::size_t most_recipients) {
    if (!message_ || !recipients_ || !count_) return database_.failure("read the queue");
    const int code = message_.with(id).step();
    Listed listed;
    if (code == SQLITE_ROW) listed = row();
    message_.reset();
    if (code == SQLITE_DONE) return fail(Errc::not_found, "the message is not in the queue");
    if (code != SQLITE_ROW) return database_.failure("read a message");
    auto read = read_recipients(listed, most_recipients);
    if (!read) return fail(read.error());
    return listed;
  }

 private:
  Listed row() const {
    Listed listed;
    listed.message = message_of(message_);
    listed.due = message_.number(kAfterMessage);
    listed.active = message_.number(kAfterMessage + 1) != 0;
    return listed;
  }

  Result<void> read_recipients(Listed& listed, std::size_t most) {
    recipients_.with(listed.message.id, static_cast<std::int64_t>(most));
    int code = 0;
    while ((code = recipients_.step()) == SQLITE_ROW)
      listed.message.recipients.push_back(recipient_of(recipients_));
    recipients_.reset();
    if (code != SQLITE_DONE) return database_.failure("read recipients");
    listed.recipients = static_cast<std::int64_t>(listed.message.recipients.size());
    if (listed.message.recipients.size() < most) return {};
    if (count_.with(listed.message.id).step() == SQLITE_ROW) listed.recipients = count_.number(0);
    count_.reset();
    return {};
  }

  const Database& database_;
  Statement message_, recipients_, count_;
};

// Goes through the queue and says which messages fit.
class Walk {
 public:
  Walk(const Database& database, const Condition& condition, std::int64_t after, const PageLimits& limits)
      : database_(database),
        rows_(
            database.handle(),
            concat("SELECT m.id, ", condition.sql(), " FROM message m WHERE m.id > ? ORDER BY m.id").c_str()),
        next_(after),
        end_(std::chrono::steady_clock::now() + limits.time) {
    if (!rows_) return;
    int at = 0;
    for (const Bound& value : condition.values()) rows_.bind_at(++at, value);
    rows_.bind_at(++at, Bound(after));
  }

  // The next queue id that fits; 0 when there is none, or no time.
  Result<std::int64_t> next() {
    if (!rows_) return database_.failure("look through the queue");
    for (;;) {
      if (looked_ != 0 && is_late()) return 0;
      const int code = rows_.step();
      if (code == SQLITE_DONE) {
        more_ = false;
        return 0;
      }
      if (code != SQLITE_ROW) return database_.failure("look through the queue");
      next_ = rows_.number(0);
      ++looked_;
      if (rows_.number(1) != 0) return next_;
    }
  }

  std::int64_t last() const { return next_; }
  bool more() const { return more_; }

 private:
  // The clock costs about as much as a row.
  bool is_late() const { return looked_ % 16 == 0 && std::chrono::steady_clock::now() > end_; }

  const Database& database_;
  Statement rows_;
  std::int64_t next_;
  Instant end_;
  std::size_t looked_ = 0;
  bool more_ = true;
};

std::size_t bytes_of(const Listed& listed) {
  const Message& m = listed.message;
  std::size_t bytes = 500 + m.sender.size() + m.message_id.size() + m.subject.size() + m.client.name.size();
  for (const Recipient& r : m.recipients) {
    bytes +=
        100 + r.address.size() + r.original.size() + r.reason.size() + r.nexthop.size() + r.diagnostic.size();
  }
  return bytes;
}

}  // namespace

Result<Page> list_page(Database& database, const Condition& condition, std::int64_t after,
                       const PageLimits& limits) {
  Walk walk(database, condition, after, limits);
  Finder finder(database);
  Page page;
  std::size_t bytes = 0, recipients = 0;
  while (page.messages.size() < limits.messages && recipients < limits.recipients && bytes < limits.bytes) {
    auto id = walk.next();
    if (!id) return fail(id.error());
    if (*id == 0) break;
    auto listed = finder.find(*id, limits.recipients);
    if (!listed) return fail(listed.error());
    bytes += bytes_of(*listed);
    recipients += listed->message.recipients.size();
    page.messages.push_back(std::move(*listed));
  }
  page.next = walk.last();
  page.more = walk.more();
  return page;
}

Result<IdPage> list_ids(Database& database, const Condition& condition, std::int64_t after,
                        const PageLimits& limits) {
  Walk walk(database, condition, after, limits);
  IdPage page;
  while (page.ids.size() < limits.messages) {
    auto id = walk.next();
    if (!id) return fail(id.error());
    if (*id == 0) break;
    page.ids.push_back(*id);
  }
  page.next = walk.last();
  page.more = walk.more();
  return page;
}

Result<Listed> find_message(Database& database, std::int64_t id, const PageLimits& limits) {
  return Finder(database).find(id, limits.recipients);
}

}  // namespace postern::queue
