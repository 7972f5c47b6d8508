// One message over a session: MAIL, RCPT, DATA and the content (RFC 5321 3.3), in one write as far as the server lets us
// (RFC 2920), with a reply for each recipient in LMTP (RFC 2033).
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/net/task.h"
#include "smtp/letter.h"
#include "smtp/session.h"

namespace postern::smtp {

// What became of one recipient.
struct Fate {
  std::optional<wire::Reply> sent;  // the reply that says so
  Maybe trouble;                    // that is this recipient's own
};

struct Transfer {
  std::vector<Fate> fates;  // of the recipients, in the order in which they were named
  Maybe whole;              // the trouble of all that have no fate
  bool stale = false;  // a connection that had been kept was of no use: nothing was said about this message
  bool in_doubt = false;  // the end of the content was said: it may have been delivered
  bool probed = false;    // it was a probe: `sent` is the reply to RCPT or DATA
};

class Transaction {
 public:
  // `recipients`: which of the letter's. Session and letter outlive the transaction.
  Transaction(Session& session, const Letter& letter, std::vector<std::size_t> recipients);

  // Afterwards the session is usable, if it may be kept and the trouble, if there is one, is not of the site.
  net::Task<Transfer> run();

 private:
  class Encoding;  // content.cpp
  enum class Verb { rset, xforward, mail, rcpt, data };
  struct Step {
    Verb verb = Verb::mail;
    std::size_t recipient = 0;
  };

  // transaction.cpp
  bool is_probe() const;
  Maybe impossible() const;
  void refuse_malformed();
  net::Task<void> envelope();
  net::Task<void> say(Verb verb, std::size_t recipient, std::string command);
  net::Task<void> settle();
  void judge(Step step, const wire::Reply& reply);
  void judge_data(const wire::Reply& reply);
  void fail_all(Trouble why);
  bool is_late() const;
  std::size_t recipients_in_time() const;
  void leave_rest(std::size_t first);
  bool goes_on() const { return !result_.whole; }

  // content.cpp
  net::Task<void> content();
  net::Task<Maybe> send_content();
  net::Task<Maybe> send_piece();
  net::Task<void> final_replies();
  net::Task<Maybe> await_verdict(Deadline& due);
  void take_final(std::size_t n, wire::Reply reply);
  Duration time_for(std::uint64_t bytes) const;
  std::uint64_t bytes_in(Duration time) const;

  // commands.cpp
  std::string mail_command() const;
  std::string rcpt_command(std::size_t recipient) const;
  std::vector<std::string> xforward_commands() const;
  std::string written(std::string_view address) const;
  Duration limit_of(Verb verb) const;
  std::string_view doing(Verb verb) const;

  Session& session_;
  const Setup& setup_;
  const Letter& letter_;
  std::vector<std::size_t> recipients_;
  std::vector<Step> steps_;  // whose replies are still to come
  Transfer result_;
  std::vector<std::size_t> accepted_;  // recipients, as positions in recipients_
  // A list whose delivery failed before, or a server without PIPELINING: DATA waits until it is known who was accepted, and so
  // many commands go ahead as the server answers without a delay.
  const bool is_careful_;
  const Deadline soft_end_;  // afterwards no further recipient is named
  std::size_t most_ahead_ = std::numeric_limits<std::size_t>::max();
  bool replied_ = false;   // at least once
  bool go_ahead_ = false;  // the server waits for content
  bool data_said_ = false;
  std::uint64_t sent_bytes_ = 0;
  Instant content_begun_{};
};

}  // namespace postern::smtp
