// Who is told of what: pure decisions about one question of qmgr.
#pragma once

#include <string>
#include <vector>

#include "lib/ipc/messages/notify.h"

namespace postern::bounce {

// What the plan depends on besides the question.
struct Policy {
  bool copy_failures = false;                                           // notify_classes has bounce
  bool double_bounces = false;                                          // … 2bounce
  bool copy_delays = false;                                             // … delay
  std::string failure_postmaster, delay_postmaster, double_postmaster;  // who gets these
  std::string double_bounce_sender;                                     // with its domain
};

enum class Audience { sender, postmaster };
enum class Returned { all, header };  // of the message that this is about

// One notification.
struct Letter {
  Audience audience = Audience::sender;
  std::string from, to;  // the envelope
  Returned returned = Returned::header;
  bool settles = false;  // it is the one after which the recipients count as told of
};

// True when this recipient is to be told of (RFC 3461 4.1 and 5.2). A report that was asked for (sendmail -bv and -v)
// is about all.
bool is_wanted(const ipc::Notify& question, const ipc::NotifyOf& recipient);

// The letters to write, the one that settles first; none when nobody wants to know. A message from the null sender
// gives none but the double bounce to the postmaster, and a double bounce gives nothing at all (RFC 5321 4.5.5).
std::vector<Letter> plan_of(const ipc::Notify& question, const Policy& policy);

// Mail that told the postmaster of undeliverable notifications is undeliverable itself.
bool is_double_bounce(const ipc::Notify& question, const Policy& policy);

}  // namespace postern::bounce
