#include "lib/desk/answers.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/desk/client.h"
#include "lib/mail/queue_id.h"

namespace postern::desk {

namespace {

using queue::Database;
using queue::Listed;

ipc::QueuedMessage message_from(const Listed& listed) {
  const queue::Message& from = listed.message;
  ipc::QueuedMessage to;
  to.queue_id = from.id;
  to.standing = from.held       ? ipc::Standing::held
                : listed.active ? ipc::Standing::active
                                : ipc::Standing::deferred;
  to.arrived = from.arrived;
  // Due at once is a time too: that of its arrival at the earliest.
  to.due = to.standing == ipc::Standing::deferred ? std::max(listed.due, from.arrived) : 0;
  to.size = from.size;
  to.attempts = from.attempts;
  to.forced_expire = from.forced_expire;
  to.recipients = listed.recipients;
  to.sender = from.sender;
  to.message_id = from.message_id;
  to.subject = from.subject;
  to.client_name = from.client.name;
  to.client_address = from.client.address;
  to.sasl_username = from.client.sasl_username;
  return to;
}

ipc::QueuedRecipient recipient_from(std::int64_t id, const queue::Recipient& from) {
  ipc::QueuedRecipient to;
  to.queue_id = id;
  to.address = from.address;
  to.original = from.original;
  to.transport = from.transport;
  to.nexthop = from.nexthop;
  to.dsn = from.dsn;
  to.reason = from.reason;
  return to;
}

Result<bool> change_one(Database& database, ipc::QueueAction action, std::int64_t id) {
  switch (action) {
    case ipc::QueueAction::flush: return database.hurry(id);
    case ipc::QueueAction::hold: return database.hold(id);
    case ipc::QueueAction::release: return database.release(id);
    case ipc::QueueAction::requeue: return database.requeue(id);
    case ipc::QueueAction::expire: return database.expire(id);
    case ipc::QueueAction::remove: break;
  }
  return false;
}

}  // namespace

ipc::QueuePage list(Database& database, const ipc::ListQueue& question, std::int64_t now) {
  ipc::QueuePage answer;
  answer.next = question.after;
  const auto condition = queue::Condition::parse(question.where, now);
  if (!condition) {
    answer.problem = condition.error().text;
    return answer;
  }
  queue::PageLimits limits;
  limits.messages = static_cast<std::size_t>(std::clamp<int>(question.most, 1, kMostOnPage));
  const auto page = queue::list_page(database, *condition, question.after, limits);
  if (!page) {
    answer.problem = page.error().text;
    return answer;
  }
  for (const Listed& listed : page->messages) {
    answer.messages.push_back(message_from(listed));
    for (const auto& recipient : listed.message.recipients)
      answer.recipients.push_back(recipient_from(listed.message.id, recipient));
  }
  answer.next = page->next;
  answer.more = page->more;
  return answer;
}

Reading read(Database& database, const ipc::ReadMessage& question) {
  Reading reading;
  ipc::MessageRead& answer = reading.answer;
  const auto listed = queue::find_message(database, question.queue_id);
  if (!listed) {
    answer.problem = listed.error().text;
    return reading;
  }
  auto content = database.content(question.queue_id);
  if (!content) {
    answer.problem = content.error().text;
    return reading;
  }
  const queue::Message& message = listed->message;
  answer.message = message_from(*listed);
  for (const auto& from : message.recipients) {
    auto& to = answer.recipients.emplace_back(recipient_from(message.id, from));
    to.notify = from.notify;
    to.orcpt = from.orcpt;
  }
  answer.envid = message.envid;
  answer.ret = message.ret;
  answer.body_type = message.body_type;
  answer.smtputf8 = message.smtputf8;
  answer.client = client_of(message.client);
  answer.content = std::move(*content);
  reading.spooled = message.spooled;
  return reading;
}

Result<queue::IdPage> to_change(Database& database, const ipc::ChangeQueue& question, std::int64_t now) {
  queue::IdPage page;
  page.next = question.after;
  if (!question.queue_ids.empty()) {
    if (question.queue_ids.size() > kMostOnPage)
      return fail(Errc::too_long, "too many queue ids in one question");
    page.ids = question.queue_ids;
    return page;
  }
  const auto condition = queue::Condition::parse(question.where, now);
  if (!condition) return fail(condition.error());
  queue::PageLimits limits;
  limits.messages = kMostOnPage;
  return queue::list_ids(database, *condition, question.after, limits);
}

Result<Changed> change(Database& database, ipc::QueueAction action, const std::vector<std::int64_t>& ids) {
  Changed changed;
  for (const std::int64_t id : ids) {
    if (action == ipc::QueueAction::remove) {
      auto removed = database.remove(id);
      if (!removed) return fail(removed.error());
      if (removed->spooled) changed.spooled.push_back(id);
      if (removed->existed) changed.ids.push_back(id);
      continue;
    }
    auto done = change_one(database, action, id);
    if (!done) return fail(done.error());
    if (*done) changed.ids.push_back(id);
  }
  return changed;
}

}  // namespace postern::desk
