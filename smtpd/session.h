// One SMTP session (RFC 5321), from greeting to end. A verb is a member in the file of its name; session.cpp
// holds what they have in common: the order of things, replies, errors, ends.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/mail/status.h"
#include "lib/net/socket.h"
#include "lib/net/stream.h"
#include "lib/net/task.h"
#include "lib/wire/command.h"
#include "smtpd/content.h"
#include "smtpd/handed.h"
#include "smtpd/patience.h"
#include "smtpd/peer.h"
#include "smtpd/policy.h"
#include "smtpd/shared.h"
#include "smtpd/tally.h"
#include "smtpd/transaction.h"

namespace postern::smtpd {

class Session : public Roster<Session>::Member {
 public:
  // `shared` outlives the session.
  Session(Shared& shared, net::Accepted connection);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // The conversation. Ends when it is over, for whatever reason, and has logged its end.
  net::Task<void> run();
  // The rest of a conversation that screen began: goes on behind what was said, and tells screen through the channel what
  // it finds. Ends as run().
  net::Task<void> resume(std::unique_ptr<ipc::HandedOver> state, Fd channel);

  // The process stops: a client that is between transactions is told so, and its session ends soon; others
  // are told when their transaction is over.
  void stop();
  // Stress has begun or ended: what the client is waited for now ends by the new limits, counted from now.
  void hurry();
  // The load has reached a step: what the client is waited for now ends by the limits of that step, counted from when the
  // wait began, though not within a moment.
  void tighten();
  // Ends a session that waits for its client, because others need its place.
  void give_way();
  bool may_give_way() const;
  bool is_proven() const { return proven_; }  // has delivered mail
  Duration waited_for(Instant now) const { return patience_.used(now); }

 private:
  enum class Protocol : std::uint8_t { smtp, esmtp };

  // waiting.cpp
  // Around every wait for the client: `co_await stream_.…(…, wait())`, then waited(), with the bytes of content that came.
  // Failed with timeout: out_of_time().
  Deadline wait();
  Deadline wait(Duration request);  // with another limit than smtpd_timeout
  void waited(std::size_t content = 0);
  void begin_request();  // what was waited for the last one counts no more
  void out_of_time(std::string_view after);
  Patience::Limits limits(Duration request) const;

  // session.cpp
  net::Task<void> begin();
  net::Task<void> greet();
  net::Task<void> converse();
  net::Task<void> obey(std::string_view line);
  net::Task<void> obey(wire::Command command);
  std::optional<mail::Status> refusal_unseen(Verb verb);
  net::Task<void> hold_back();
  net::Task<void> send_replies();
  void end_when_due();
  net::Task<void> no_line(Error error);
  net::Task<void> skip_line();
  bool meets_tls(const Error& error);
  void tell_breach();
  bool is_improper(std::string_view line);
  bool is_foreign(std::string_view line, std::string_view before);
  bool is_forbidden(std::string_view line);
  bool is_noop(std::string_view line) const;
  bool refuses_bare_newline();
  void count_junk();
  void say_goodbye();
  void log_end() const;

  // edits.cpp: what the administrator puts into the dialogue
  net::Task<void> obey_edited(std::string_view line);
  mail::Status softened(const mail::Status& status) const;
  void add_footer(std::string& reply) const;
  std::string footer_value(std::string_view name) const;
  net::Endpoint own_end() const;

  // helo.cpp
  net::Task<void> greeted(std::string name, Protocol protocol);
  void greet_extended();
  // mail.cpp
  net::Task<void> mail(wire::Mail command);
  // rcpt.cpp
  net::Task<void> rcpt(wire::Rcpt command);
  bool has_room();
  void accept(wire::Rcpt& command);
  // data.cpp
  net::Task<void> data();
  bool is_in_chunks() const { return skips_chunks_ || (mail_ && mail_->chunks); }
  Refusal content_before_its_turn() const;
  net::Task<Refusal> content_refusal();
  net::Task<bool> receive(Content& content, std::uint64_t count);
  net::Task<void> hand_over(Content& content);
  void answer(const Result<ipc::Outcome>& outcome, Content& content);
  wire::BareNewline bare_newline_policy() const;
  mail::Status bare_newline_refusal() const;
  void content_broke_off(const Error& error, std::uint64_t size);
  // bdat.cpp
  net::Task<void> bdat(wire::Bdat chunk);
  Refusal chunk_refusal(wire::Bdat chunk) const;
  net::Task<void> take_chunk(wire::Bdat chunk);
  void answer_chunk(const Content& content, std::uint64_t size);
  void skip_from_now_on();
  net::Task<bool> skip_chunk(std::uint64_t size);
  net::Task<void> skip_unseen(std::string_view line);
  void refuse_bdat_line(std::string_view line, const mail::Status& status);
  // starttls.cpp
  net::Task<void> starttls();
  net::Task<void> begin_in_tls();
  net::Task<void> secure();
  net::Task<void> send_away(std::string_view why);
  std::optional<mail::Status> starttls_refusal() const;
  bool has_rate() const;
  bool has_shaken_enough() const;
  bool may_shake_hands(const Result<net::TlsFacts>& facts);
  mail::Status too_many_handshakes() const;
  bool is_injected(std::string_view line);
  void forget_plain_text();
  void count_handshake(const Result<net::TlsFacts>& facts);
  bool refuses_plain(Verb verb) const;
  void show_tls(ipc::Submit& submit) const;
  // vrfy.cpp
  net::Task<void> vrfy(wire::Vrfy command);
  void etrn(const wire::Etrn& command);
  // resume.cpp
  net::Task<void> repeat(const std::vector<std::string>& said);
  bool may_repeat(std::string_view line);
  std::optional<mail::Status> late_answer(Verb verb);
  bool is_repeated_sender(Verb verb) const;
  bool offends(screening::Test test, std::string_view after, std::string_view text);
  static mail::Status offender_refusal() { return mail::status::protocol_error(550); }
  // It failed a test, though not so badly that it had to go: it delivers nothing.
  bool is_offender() const { return handed_ != nullptr && handed_->refuses(); }

  // Puts a reply; 421 and 521 end the session.
  void reply(const mail::Status& status);
  void reply(std::string_view line);
  // A reply to a client that broke the rules of the protocol.
  void complain(const mail::Status& status);
  // A reply that policy wants: it is logged.
  void reject(const mail::Status& status);
  void note_reject(const mail::Status& status);
  void log_reject(const mail::Status& status) const;
  std::string shown_id() const;  // of the transaction, or NOQUEUE
  std::string place() const;     // the last command, and what it had brought
  void forget_transaction();
  Case facts() const;
  // What policy says at this stage; a refusal for now when tables take too long to tell.
  net::Task<Refusal> judge(Stage stage);
  std::string_view protocol() const { return protocol_ == Protocol::esmtp ? "ESMTP" : "SMTP"; }

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
