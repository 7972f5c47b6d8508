// The parts of an envelope that several messages carry.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "lib/ipc/codec.h"

namespace postern::ipc {

// One recipient with what the sender asked for it (RFC 3461).
struct Recipient {
  std::string address;
  std::string original;  // as it was given, before rewriting and alias expansion
  std::string notify;    // NOTIFY=, as given; empty: not given
  std::string orcpt;     // ORCPT=, as given
  static constexpr auto fields =
      std::tuple{Field{"address", &Recipient::address}, Field{"original", &Recipient::original},
                 Field{"notify", &Recipient::notify}, Field{"orcpt", &Recipient::orcpt}};
};

// Who brought a message: for Received, the macros of pipe(8), XFORWARD, and whoever asks the queue.
struct SmtpClient {
  std::string name;
  std::string address;  // empty: submitted on this host
  std::int64_t port = 0;
  std::string helo;
  std::string protocol;  // SMTP, ESMTP, …
  std::string sasl_method;
  std::string sasl_username;
  std::string sasl_sender;
  static constexpr auto fields = std::tuple{Field{"name", &SmtpClient::name},
                                            Field{"address", &SmtpClient::address},
                                            Field{"port", &SmtpClient::port},
                                            Field{"helo", &SmtpClient::helo},
                                            Field{"protocol", &SmtpClient::protocol},
                                            Field{"sasl_method", &SmtpClient::sasl_method},
                                            Field{"sasl_username", &SmtpClient::sasl_username},
                                            Field{"sasl_sender", &SmtpClient::sasl_sender}};
};

// How a message came to be. It decides what is checked and rewritten.
enum class Source {
  remote,        // smtpd
  submitted,     // pickup
  notification,  // bounce
  forwarded,     // an alias or .forward of local
};
constexpr Source last_value(Source) { return Source::forwarded; }

// What is wanted of the agents.
enum class Purpose {
  deliver,
  verify,  // sendmail -bv, address probes: say what would become of it, deliver nothing
  record,  // sendmail -v: deliver, and report to the sender
};
constexpr Purpose last_value(Purpose) { return Purpose::record; }

// What is recorded about another message of the queue in the commit that stores this one: so that a notification is
// sent, and a letter forwarded, once, whatever is killed in between. If nothing was left to record, this message is
// not stored either, and the answer is that of success.
enum class Settling {
  nothing,
  failure,    // the sender was told of failed recipients: they are done
  success,    // … of recipients that were delivered, as NOTIFY=SUCCESS wanted
  delay,      // … that the message is late: this is said once
  forwarded,  // this message takes the place of a recipient: it is done
};
constexpr Settling last_value(Settling) { return Settling::forwarded; }

struct Settles {
  Settling how = Settling::nothing;
  std::int64_t queue_id = 0;  // the other message
  static constexpr auto fields =
      std::tuple{Field{"how", &Settles::how}, Field{"queue_id", &Settles::queue_id}};
};

}  // namespace postern::ipc
