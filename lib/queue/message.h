// A message of the queue: as it is stored, and as qmgr holds it in memory until each recipient has a result.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace postern::queue {

// pending: no result yet. failed: undeliverable, and the sender is still to be told. succeeded: delivered, and the
// sender, who asked for that, is still to be told. done: it leaves the database.
enum class RecipientState { pending = 0, failed = 1, done = 2, succeeded = 3 };

// ipc::Source::submitted, as a message has it.
inline constexpr int kSubmitted = 1;

// Who brought it, as ipc::SmtpClient.
struct Client {
  std::string name, address;  // no address: submitted on this host
  std::int64_t port = 0;
  std::string helo, protocol, sasl_method, sasl_username, sasl_sender;
  bool operator==(const Client&) const = default;
};

struct Recipient {
  std::int64_t number = 0;  // within its message, from 1
  std::string address;
  std::string original;
  std::string notify;
  std::string orcpt;
  RecipientState state = RecipientState::pending;
  // Of the last attempt:
  std::string dsn;
  std::string reason;
  std::string transport;  // service and next hop that it went to
  std::string nexthop;
  std::string remote_mta;  // who said `diagnostic`
  std::string diagnostic;  // "smtp; 550 5.1.1 No such user"
  int arrival = 0;         // of one that was delivered: ipc::Arrival
};

struct Message {
  std::int64_t id = 0;
  std::int64_t arrived = 0;  // wall microseconds
  std::int64_t size = 0;     // bytes of the content, spooled part included
  int attempts = 0;
  std::string sender;
  std::string body_type;
  bool smtputf8 = false;
  std::string envid;
  std::string ret;
  bool spooled = false;
  bool held = false;                // not delivered before it is released
  bool forced_expire = false;       // given up at the next attempt
  bool warned = false;              // its sender knows that it is late
  int source = 0;                   // ipc::Source
  int purpose = 0;                  // ipc::Purpose
  std::string filter;               // transport:nexthop for all of it
  std::string message_id, subject;  // for listings
  Client client;
  std::vector<Recipient> recipients;  // those without a final result, by number: the first of them
  std::size_t count = 0;              // of those in all
  bool more = false;                  // the rest is in the database only
  std::string content;                // the part that the database holds; empty when has_content is false
  bool has_content = true;            // false: to be read from the database when it is needed

  // For the scheduler, in wall microseconds.
  std::int64_t due = 0;  // 0: active
  std::int64_t activated = 0;
};

// Two owners: the scheduler, and the job of the writer thread that stores it. The thread only reads it, and
// the scheduler gets it when the thread is done.
using MessagePtr = std::shared_ptr<Message>;

}  // namespace postern::queue
