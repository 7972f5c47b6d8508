// One SMTP session (RFC 5321), from greeting to end. A verb is a member in the file of its name; session.cpp
// holds the order of things, conversation.h what all verbs build on.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/mail/status.h"
#include "lib/net/socket.h"
#include "lib/net/task.h"
#include "lib/wire/command.h"
#include "smtpd/content.h"
#include "smtpd/conversation.h"
#include "smtpd/policy.h"

namespace postern::smtpd {

class Session : public Conversation {
 public:
  // `shared` outlives the session.
  Session(Shared& shared, net::Accepted connection) : Conversation(shared, std::move(connection)) {}

  // The conversation. Ends when it is over, for whatever reason, and has logged its end.
  net::Task<void> run();
  // The rest of a conversation that screen began: goes on behind what was said, and tells screen through the channel what
  // it finds. Ends as run().
  net::Task<void> resume(std::unique_ptr<ipc::HandedOver> state, Fd channel);

 private:
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
  bool is_improper(std::string_view line);
  bool is_foreign(std::string_view line, std::string_view before);
  bool is_forbidden(std::string_view line);
  bool is_noop(std::string_view line) const;
  bool refuses_bare_newline();
  void count_junk();

  // edits.cpp: what the administrator makes of a command
  net::Task<void> obey_edited(std::string_view line);

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
  int handshake_limit() const;
  bool has_shaken_enough() const;
  bool may_shake_hands(const Result<net::TlsFacts>& facts);
  mail::Status too_many_handshakes() const;
  bool is_injected(std::string_view line);
  void forget_plain_text();
  bool meets_tls(const Error& error);
  void tell_breach();
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

  void forget_transaction();
  Case facts() const;
  // What policy says at this stage; a refusal for now when tables take too long to tell.
  net::Task<Refusal> judge(Stage stage);
};

}  // namespace postern::smtpd
