// A message as qmgr holds it in memory, from its commit (or its load from the database) until each recipient
// has a result.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace postern::qmgr {

// pending: no result yet. failed: undeliverable, and the sender is still to be told.
enum class RecipientState { pending = 0, failed = 1, done = 2 };

struct Recipient {
  std::int64_t number = 0;  // within its message, from 1
  std::string address;
  std::string original;
  std::string notify;
  std::string orcpt;
  RecipientState state = RecipientState::pending;
  std::string dsn;     // of the last attempt
  std::string reason;  // of the last attempt
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
  std::vector<Recipient> recipients;  // those without a final result, by number
  std::string content;                // the part that the database holds; empty when has_content is false
  bool has_content = true;            // false: to be read from the database when it is needed

  // For the scheduler.
  std::int64_t due = 0;         // wall microseconds; 0: active
  std::int64_t activated = 0;   // wall microseconds
  std::size_t in_delivery = 0;  // requests to agents that have no answer yet, or wait for their turn
};

// Two owners: the scheduler, and the job of the writer thread that stores it. The thread only reads it, and
// the scheduler gets it when the thread is done.
using MessagePtr = std::shared_ptr<Message>;

}  // namespace postern::qmgr
