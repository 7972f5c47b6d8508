// What commands ask of the queue: showq (which anybody may ask, as authorized_mailq_users says) passes listings on to qmgr;
// changes are for root and mail_owner, at qmgr itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/fd.h"
#include "lib/ipc/codec.h"
#include "lib/ipc/messages/envelope.h"

namespace postern::ipc {

// Where a message stands.
enum class Standing { active, deferred, held };
constexpr Standing last_value(Standing) { return Standing::held; }

// One page of the queue, by queue id. A page may end before `most` messages were found, so that a long queue is not
// looked through while others wait: go on behind `next` until `more` is false.
struct ListQueue {
  std::string where;       // a condition (lib/queue/condition.h); empty: all
  std::int64_t after = 0;  // the page begins behind this queue id
  int most = 100;          // messages; at most 1000
  static constexpr std::string_view name = "list_queue";
  static constexpr auto fields = std::tuple{
      Field{"where", &ListQueue::where}, Field{"after", &ListQueue::after}, Field{"most", &ListQueue::most}};
};

struct QueuedMessage {
  std::int64_t queue_id = 0;
  Standing standing = Standing::active;
  std::int64_t arrived = 0;  // wall microseconds
  std::int64_t due = 0;      // the next attempt; 0: active or held
  std::int64_t size = 0;
  int attempts = 0;
  bool forced_expire = false;
  std::int64_t recipients = 0;  // in all, although a page may have fewer
  std::string sender;
  std::string message_id;
  std::string subject;
  std::string client_name;
  std::string client_address;
  std::string sasl_username;
  static constexpr auto fields = std::tuple{Field{"queue_id", &QueuedMessage::queue_id},
                                            Field{"standing", &QueuedMessage::standing},
                                            Field{"arrived", &QueuedMessage::arrived},
                                            Field{"due", &QueuedMessage::due},
                                            Field{"size", &QueuedMessage::size},
                                            Field{"attempts", &QueuedMessage::attempts},
                                            Field{"forced_expire", &QueuedMessage::forced_expire},
                                            Field{"recipients", &QueuedMessage::recipients},
                                            Field{"sender", &QueuedMessage::sender},
                                            Field{"message_id", &QueuedMessage::message_id},
                                            Field{"subject", &QueuedMessage::subject},
                                            Field{"client_name", &QueuedMessage::client_name},
                                            Field{"client_address", &QueuedMessage::client_address},
                                            Field{"sasl_username", &QueuedMessage::sasl_username}};
};

struct QueuedRecipient {
  std::int64_t queue_id = 0;
  std::string address;
  std::string original;
  std::string transport;  // of the last attempt; empty: none was made
  std::string nexthop;
  std::string dsn;     // of the last attempt
  std::string reason;  // its reply
  std::string notify;  // in answers to ReadMessage
  std::string orcpt;
  static constexpr auto fields = std::tuple{
      Field{"queue_id", &QueuedRecipient::queue_id}, Field{"address", &QueuedRecipient::address},
      Field{"original", &QueuedRecipient::original}, Field{"transport", &QueuedRecipient::transport},
      Field{"nexthop", &QueuedRecipient::nexthop},   Field{"dsn", &QueuedRecipient::dsn},
      Field{"reason", &QueuedRecipient::reason},     Field{"notify", &QueuedRecipient::notify},
      Field{"orcpt", &QueuedRecipient::orcpt}};
};

struct QueuePage {
  std::string problem;  // not empty: what is wrong with the question
  bool denied = false;  // it is that who asks may not
  std::vector<QueuedMessage> messages;
  std::vector<QueuedRecipient>
      recipients;         // of these messages, in their order; at most 10,000 of one message
  std::int64_t next = 0;  // the last queue id that was looked at
  bool more = false;
  static constexpr std::string_view name = "queue_page";
  static constexpr auto fields =
      std::tuple{Field{"problem", &QueuePage::problem},  Field{"denied", &QueuePage::denied},
                 Field{"message", &QueuePage::messages}, Field{"recipient", &QueuePage::recipients},
                 Field{"next", &QueuePage::next},        Field{"more", &QueuePage::more}};
};

using ListQueueCall = Call<ListQueue, QueuePage>;

enum class QueueAction {
  flush,    // deliver now; dead destinations are tried again
  remove,   // no notification
  hold,     // no delivery until release
  release,  // due at once
  requeue,  // as if it had just arrived: resolved again, attempts forgotten
  expire,   // give up and return to the sender at the next attempt, which is at once
};
constexpr QueueAction last_value(QueueAction) { return QueueAction::expire; }

// Changes messages: those named, or with no name all that fit the condition; page by page, as ListQueue.
struct ChangeQueue {
  QueueAction action = QueueAction::flush;
  std::vector<std::int64_t> queue_ids;  // at most 1000
  std::string where;
  std::string site;  // flush: only mail that was tried, to recipients of this domain
  std::int64_t after = 0;
  static constexpr std::string_view name = "change_queue";
  static constexpr auto fields =
      std::tuple{Field{"action", &ChangeQueue::action}, Field{"queue_id", &ChangeQueue::queue_ids},
                 Field{"where", &ChangeQueue::where}, Field{"site", &ChangeQueue::site},
                 Field{"after", &ChangeQueue::after}};
};

struct QueueChanged {
  std::string problem;
  bool denied = false;
  std::vector<std::int64_t> queue_ids;  // that were changed
  std::int64_t next = 0;
  bool more = false;
  static constexpr std::string_view name = "queue_changed";
  static constexpr auto fields =
      std::tuple{Field{"problem", &QueueChanged::problem}, Field{"denied", &QueueChanged::denied},
                 Field{"queue_id", &QueueChanged::queue_ids}, Field{"next", &QueueChanged::next},
                 Field{"more", &QueueChanged::more}};
};

using ChangeQueueCall = Call<ChangeQueue, QueueChanged>;

// The whole of one message, for postcat.
struct ReadMessage {
  std::int64_t queue_id = 0;
  static constexpr std::string_view name = "read_message";
  static constexpr auto fields = std::tuple{Field{"queue_id", &ReadMessage::queue_id}};
};

struct MessageRead {
  std::string problem;  // not empty: there is none, or it cannot be read
  QueuedMessage message;
  std::vector<QueuedRecipient> recipients;
  std::string envid;
  std::string ret;
  std::string body_type;
  bool smtputf8 = false;
  SmtpClient client;
  std::string content;
  Fd spool;  // the rest of the content, for reading
  static constexpr std::string_view name = "message_read";
  static constexpr auto fields = std::tuple{Field{"problem", &MessageRead::problem},
                                            Field{"message", &MessageRead::message},
                                            Field{"recipient", &MessageRead::recipients},
                                            Field{"envid", &MessageRead::envid},
                                            Field{"ret", &MessageRead::ret},
                                            Field{"body_type", &MessageRead::body_type},
                                            Field{"smtputf8", &MessageRead::smtputf8},
                                            Field{"client", &MessageRead::client}};
  static constexpr auto body = &MessageRead::content;
  static constexpr auto descriptor = &MessageRead::spool;
};

using ReadMessageCall = Call<ReadMessage, MessageRead>;

}  // namespace postern::ipc
