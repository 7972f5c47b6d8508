// The text of a notification (RFC 3462, 3464, 6533): a multipart/report of what people read, what programs read, and
// the message that it is about. Pure functions. The original is not copied here: it goes between head and tail.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/config/bounce_template.h"
#include "lib/ipc/messages/notify.h"
#include "queue/bounce/plan.h"

namespace postern::bounce {

// The template of this notification, expanded, and who we are.
struct House {
  std::string hostname;   // myhostname
  std::string origin;     // myorigin: completes From
  bool threaded = false;  // enable_threaded_bounces
};

struct Wording {
  std::string charset, from, subject, text;
};

// The original, as far as the notification depends on it.
struct Original {
  std::string_view header;  // its header section
  Returned returned = Returned::header;
  bool eight_bit = false;  // of what is returned
};

struct Report {
  std::string head, tail;
  bool global = false;  // needs SMTPUTF8
  bool eight_bit = false;
};

// `id` is the queue id of the original as text, `boundary` a text of at most 70 characters that is not in the message.
Report make_report(const ipc::Notify& question, const Letter& letter, const Wording& wording,
                   const Original& original, const House& house, std::string_view id,
                   std::string_view boundary);

// "failed", "delayed", "delivered", "relayed" or "expanded"; for a probe also "deliverable" and "undeliverable".
std::string_view action_of(const ipc::Notify& question, const ipc::NotifyOf& recipient);

// The text in lines of at most 78 characters where blanks allow that, each behind the first with four blanks in front.
// Nothing in it ends a line.
std::string folded(std::string_view text);

}  // namespace postern::bounce
