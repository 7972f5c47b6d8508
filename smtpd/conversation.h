// What every verb of a session builds on: the client, the replies to it, waiting for it, and the end. It knows no verb.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/mail/status.h"
#include "lib/net/socket.h"
#include "lib/net/stream.h"
#include "smtpd/handed.h"
#include "smtpd/patience.h"
#include "smtpd/peer.h"
#include "smtpd/shared.h"
#include "smtpd/tally.h"
#include "smtpd/transaction.h"

namespace postern::smtpd {

class Conversation : public Roster<Conversation>::Member {
 public:
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  // The process stops: a client that is between transactions is told so, and its session ends soon; others
  // are told when their transaction is over.
  void stop();
  // Stress has begun or ended: what the client is waited for now ends by the new limits, counted from now.
  void hurry();
  // The load has reached a step: what the client is waited for now ends by the limits of that step, counted from when the
  // wait began, though not within a moment.
  void tighten();
  // giving_way.cpp
  // Ends a session that waits for its client, because others need its place.
  void give_way();
  // It has kept us waiting for a while.
  bool may_give_way() const;
  // Says something whenever it has to, and gets on so slowly that it may have to give way all the same.
  bool lags() const;
  bool is_proven() const { return proven_; }  // has delivered mail
  Duration waited_for(Instant now) const { return patience_.used(now); }
  double pace(Instant now) const;  // bytes of content a second

 protected:
  enum class Protocol : std::uint8_t { smtp, esmtp };

  // `shared` outlives the session.
  Conversation(Shared& shared, net::Accepted connection);
  ~Conversation();

  // waiting.cpp
  // Around every wait for the client: `co_await stream_.…(…, wait())`, then waited(), with the bytes of content that came.
  // Failed with timeout: out_of_time().
  Deadline wait();
  Deadline wait(Duration request);  // with another limit than smtpd_timeout
  void waited(std::size_t content = 0);
  void wasted(std::size_t content);  // the same, with bytes of a message that nobody keeps
  void begin_request();              // what was waited for the last one counts no more
  void out_of_time(std::string_view after);
  void say_busy(std::string_view after);
  bool is_still() const;  // nothing has come for a moment
  Patience::Limits limits(Duration request) const;

  // conversation.cpp
  // Puts a reply; 421 and 521 end the session.
  void reply(const mail::Status& status);
  void reply(std::string_view line);
  // A reply to a client that broke the rules of the protocol.
  void complain(const mail::Status& status);
  // A reply that policy wants: it is logged.
  void reject(const mail::Status& status);
  void note_reject(const mail::Status& status);
  void log_reject(const mail::Status& status) const;
  void say_goodbye();
  void log_end() const;
  std::string shown_id() const;  // of the transaction, or NOQUEUE
  std::string place() const;     // the last command, and what it had brought
  std::string_view protocol() const { return protocol_ == Protocol::esmtp ? "ESMTP" : "SMTP"; }

  // edits.cpp: what the administrator puts into replies
  mail::Status softened(const mail::Status& status) const;
  void add_footer(std::string& reply) const;
  std::string footer_value(std::string_view name) const;
  net::Endpoint own_end() const;

  Shared& shared_;
  net::Stream stream_;
  Peer peer_;
  std::string helo_;
  std::unique_ptr<Transaction> mail_;
  std::unique_ptr<net::TlsFacts> tls_;        // null: in plain text
  std::unique_ptr<Handed> handed_;            // null: the session began here
  const mail::Address* recipient_ = nullptr;  // while RCPT is judged
  std::string_view where_ = "CONNECT";        // the last command, for the log
  int errors_ = 0;                            // since the last message
  std::uint64_t wasted_ = 0;                  // bytes of content that nobody kept
  int junk_ = 0;                              // commands that do nothing, since the last message
  Tally tally_;
  Patience patience_;
  Duration request_limit_{};
  Protocol protocol_ = Protocol::smtp;
  bool open_ = true;
  bool idle_ = false;                   // waits for a command
  bool denied_ = false;                 // refused at connect: only QUIT is obeyed
  bool pipelined_ = false;              // improperly
  bool shakes_hands_ = false;           // for TLS
  bool bare_lf_ = false;                // seen, and to be noted
  bool skips_chunks_ = false;           // after an error, until LAST
  bool proven_ = false;                 // has delivered mail
  bool gives_way_ = false;              // to others
  bool muted_ = false;                  // repeats what was said elsewhere
  Promise promise_ = Promise::session;  // while muted: what the client believes that it has
};

// All sessions are in use, and somebody waits: ends the one that is worth least, if any may be ended. It goes in the next
// turn of the loop, unless its client says something before that.
bool make_room(Shared& shared);

}  // namespace postern::smtpd
