#include "lib/base/text.h"
#include "lib/queue/database.h"
#include "lib/queue/statements.h"

// Messages of the database: storing, taking up, recording.
namespace postern::queue {

Result<void> Database::insert(const Message& m) {
  if (m.source == kSubmitted) {  // first: a failure must leave nothing of it
    auto noted = note_taken(m.id);
    if (!noted) return noted;
  }
  Statement& insert = statements_->insert;
  insert.with(m.id, m.arrived, m.size, m.due, m.attempts, m.spooled, m.smtputf8, m.sender, m.body_type,
              m.envid, m.ret, m.held, m.forced_expire, m.warned, m.source, m.purpose, m.filter, m.message_id,
              m.subject, m.client.name, m.client.address, m.client.port, m.client.helo, m.client.protocol,
              m.client.sasl_method, m.client.sasl_username, m.client.sasl_sender);
  insert.blob(28, m.content);
  if (insert.run() != SQLITE_DONE) return failure("insert a message");
  for (const Recipient& recipient : m.recipients) {
    auto inserted = insert_recipient(m.id, recipient);
    if (!inserted) return inserted;
  }
  return {};
}

Result<void> Database::insert_recipient(std::int64_t message, const Recipient& r) {
  Statement& insert = statements_->insert_recipient;
  insert.with(message, r.number, static_cast<int>(r.state), r.address, r.original, r.notify, r.orcpt, r.dsn,
              r.reason, r.transport, r.nexthop, r.remote_mta, r.diagnostic, r.arrival);
  if (insert.run() != SQLITE_DONE) return failure("insert a recipient");
  return {};
}

Result<void> Database::apply(const Change& change) {
  Statements& s = *statements_;
  if (change.finished) {
    if (s.remove_recipients.with(change.message).run() != SQLITE_DONE) return failure("remove recipients");
    if (s.remove.with(change.message).run() != SQLITE_DONE) return failure("remove a message");
    return {};
  }
  for (const std::int64_t number : change.settled) {
    if (s.done.with(change.message, number).run() != SQLITE_DONE) return failure("remove a recipient");
  }
  for (const Recipient& r : change.remaining) {
    s.remain.with(static_cast<int>(r.state), r.dsn, r.reason, r.transport, r.nexthop, r.remote_mta,
                  r.diagnostic, r.arrival, change.message, r.number);
    if (s.remain.run() != SQLITE_DONE) return failure("update a recipient");
  }
  if (change.due != 0) {
    s.defer.with(change.due, change.attempts, change.warned, change.message);
    if (s.defer.run() != SQLITE_DONE) return failure("defer a message");
  }
  return {};
}

Result<std::vector<Recipient>> Database::read_recipients(Statement& query) {
  std::vector<Recipient> all;
  int code = 0;
  while ((code = query.step()) == SQLITE_ROW) all.push_back(recipient_of(query));
  query.reset();
  if (code != SQLITE_DONE) return failure("read recipients");
  return all;
}

Result<std::vector<Recipient>> Database::recipients(std::int64_t message, std::int64_t after,
                                                    std::size_t limit) {
  Statement& query = statements_->recipients;
  query.with(message, after, static_cast<std::int64_t>(limit));
  return read_recipients(query);
}

Result<std::vector<Recipient>> Database::in_state(std::int64_t message, RecipientState state,
                                                  std::size_t limit) {
  Statement& query = statements_->in_state;
  query.with(message, static_cast<int>(state), static_cast<std::int64_t>(limit));
  return read_recipients(query);
}

Result<std::size_t> Database::count_in_state(std::int64_t message, RecipientState state) {
  const auto count =
      read_number(statements_->count_in_state.with(message, static_cast<int>(state)), "count recipients");
  if (!count) return fail(count.error());
  return static_cast<std::size_t>(*count);
}

Result<void> Database::give_up(std::int64_t message) {
  if (statements_->give_up.with(message).run() != SQLITE_DONE) return failure("give up recipients");
  if (statements_->give_up_silently.with(message).run() != SQLITE_DONE) return failure("give up recipients");
  return {};
}

Result<std::vector<MessagePtr>> Database::read_messages(Statement& query) {
  std::vector<MessagePtr> messages;
  int code = 0;
  while ((code = query.step()) == SQLITE_ROW)
    messages.push_back(std::make_shared<Message>(message_of(query)));
  query.reset();
  if (code != SQLITE_DONE) return failure("read due messages");
  return messages;
}

// Up to `most` recipients come along; one more is asked for, to see whether there are others.
Result<void> Database::take_up(Message& m, std::size_t most) {
  auto read = recipients(m.id, 0, most + 1);
  if (!read) return fail(read.error());
  m.recipients = std::move(*read);
  m.count = m.recipients.size();
  m.more = m.count > most;
  if (m.more) {
    m.recipients.pop_back();
    Statement& count = statements_->count_recipients;
    if (count.with(m.id).step() == SQLITE_ROW) m.count = static_cast<std::size_t>(count.number(0));
    count.reset();
  }
  if (statements_->take.with(m.id).run() != SQLITE_DONE) return failure("take up a message");
  return {};
}

Result<std::vector<MessagePtr>> Database::take(Statement& query, std::size_t recipients) {
  auto messages = read_messages(query);
  if (!messages) return messages;
  for (const MessagePtr& m : *messages) {
    auto taken = take_up(*m, recipients);
    if (!taken) return fail(taken.error());
  }
  return messages;
}

Result<std::vector<MessagePtr>> Database::take_due(std::int64_t now, std::size_t limit,
                                                   std::size_t recipients) {
  Statement& query = statements_->due;
  query.with(now, static_cast<std::int64_t>(limit));
  return take(query, recipients);
}

Result<std::vector<MessagePtr>> Database::take_from(std::int64_t after, std::int64_t last, std::size_t limit,
                                                    std::size_t recipients) {
  Statement& query = statements_->from;
  query.with(after, last, static_cast<std::int64_t>(limit));
  return take(query, recipients);
}

Result<std::int64_t> Database::read_number(Statement& query, std::string_view what) {
  const int code = query.step();
  const std::int64_t number = code == SQLITE_ROW ? query.number(0) : 0;
  query.reset();
  if (code != SQLITE_ROW) return failure(what);
  return number;
}

Result<std::vector<std::int64_t>> Database::read_numbers(Statement& query, std::string_view what) {
  std::vector<std::int64_t> numbers;
  int code = 0;
  while ((code = query.step()) == SQLITE_ROW) numbers.push_back(query.number(0));
  query.reset();
  if (code != SQLITE_DONE) return failure(what);
  return numbers;
}

Result<std::int64_t> Database::last() { return read_number(statements_->last, "look for the last message"); }

Result<std::int64_t> Database::next_due() {
  return read_number(statements_->next_due, "read the next due time");
}

Result<std::string> Database::content(std::int64_t message) {
  Statement& query = statements_->content;
  const int code = query.with(message).step();
  std::string bytes = code == SQLITE_ROW ? query.text(0) : std::string();
  query.reset();
  if (code == SQLITE_DONE) return fail(Errc::not_found, "the message is not in the queue");
  if (code != SQLITE_ROW) return failure("read content");
  return bytes;
}

Result<std::int64_t> Database::count() { return read_number(statements_->count, "count messages"); }

Result<std::vector<std::int64_t>> Database::spooled() {
  return read_numbers(statements_->spooled, "read spooled messages");
}

}  // namespace postern::queue
