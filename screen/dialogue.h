// What screen says to a client itself: an SMTP server that takes no mail. It is fed one line at a time and says what to
// answer, what to log, which tests the client failed, and whether the session goes on, is handed over, or ends. Pure: no
// sockets, no clock, no tables.
//
// Two ways to speak. As long as nothing failed and the session can be handed over (Speech::server), each answer is what
// smtpd would answer, to the byte, and whatever needs smtpd's judgement hands the session over. Otherwise
// (Speech::dummy) it is the engine of Postfix's postscreen: every RCPT is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/screening/tests.h"
#include "lib/wire/verb.h"
#include "screen/dialogue_setup.h"
#include "screen/said.h"

namespace postern::screen {

enum class Speech : std::uint8_t { server, dummy };

// The two ends of a connection as logs and footers show them: "192.0.2.1", "4711". Not owned.
struct Ends {
  std::string_view client_address, client_port, server_address, server_port;
};

// What to do after the reply was sent.
enum class Next : std::uint8_t {
  go_on,
  hand_over,  // no reply: the line that was heard is smtpd's to answer, with what was buffered behind it
  start_tls,  // then tell tls_started() or tls_failed()
  hang_up,
};

struct Turn {
  std::string_view reply;         // with CR LF; may be empty. Valid until the next call on the dialogue
  Next next = Next::go_on;
  bool slow = false;              // smtpd would wait smtpd_error_sleep_time before it reads on
  screening::TestSet failed{};    // in this turn, whatever their action is
  std::vector<std::string> log{}; // whole lines, in order, without a queue id or program
};

// "COMMAND PIPELINING from [192.0.2.1]:4711 after HELO: MAIL FROM:<x@y>\r\n": a failed test of commands as the log says it.
// `text` is what the client sent, raw; `after` is the command before it. Also for what a server reports.
std::string offence_line(screening::Test test, const Ends& ends, std::string_view after, std::string_view text);

class Dialogue {
 public:
  // `to_do`: the tests of commands that this session is to pass; they are looked for until they failed once. The setup
  // outlives the dialogue, the texts of `ends` too.
  Dialogue(const DialogueSetup& setup, Speech speech, screening::TestSet to_do, const Ends& ends);

  // "220 mx.example ESMTP Postern\r\n".
  std::string_view greeting() const { return setup_.greeting; }

  // What RCPT gets from now on instead of "450 4.3.2 Service currently unavailable", without CR LF; the client failed:
  // the session is not handed over any more. The text lives as long as the dialogue.
  void refuse_with(std::string_view reply);
  // EHLO keywords that this client is not offered, as the tables of postscreen_discard_ehlo_keyword_address_maps say:
  // instead of postscreen_discard_ehlo_keywords.
  void discard_keywords(std::string_view words);

  // A command line without its ending; `crlf` is false when it ended in a bare LF; `behind` is what was already received
  // behind it. What postscreen_command_filter made of the line is heard instead of it.
  Turn hear(std::string_view line, bool crlf, std::string_view behind);
  // A line of more than line_length_limit bytes: the session ends.
  Turn too_long();
  // postscreen_command_time_limit is over, counted from the end of the command before: the session ends.
  Turn timed_out();
  // The process stops, or the server is busy: "421 4.3.2 ...". Any reply that ends the session, with its footer.
  Turn ends_with(std::string_view reply);
  void tls_started();

  // Where the session stands, as the log names it: "CONNECT", "HELO", "MAIL", "UNIMPLEMENTED".
  std::string_view state() const { return state_; }
  // The tests of commands that are passed as far as one can tell: RCPT was reached without an offence.
  screening::TestSet passed() const { return at_rcpt_ ? to_do_.without(failed_) : screening::TestSet{}; }
  screening::TestSet failed() const { return failed_; }
  // Something failed whose action is not ignore: the session is never handed over.
  bool refused() const { return refused_; }
  // For HandedOver: the lines that the server repeats for itself, whether it may believe that PIPELINING was offered.
  std::vector<std::string> take_said() { return said_.take(); }
  bool pipelining() const { return !to_do_.has(screening::Test::pipelining); }
  screening::TestSet watched() const { return to_do_.without(failed_); }

  // For footers and tables: $client, $client_address, $helo_name, ... nothing for a name that has no value.
  std::string_view value_of(std::string_view name) const;

 private:
  // dialogue.cpp: what both ways of speaking have in common
  bool offends(screening::Test test, std::string_view after, std::string_view text, Turn& turn);
  bool is_non_smtp(std::string_view line) const;
  Turn say(std::string_view reply, Next next = Next::go_on);
  Turn refuse(const mail::Status& status);
  std::string client() const;

  // server_speech.cpp
  void answer_as_server(std::string_view line, bool crlf, std::string_view behind, Turn& turn);
  // dummy_speech.cpp
  void answer_as_dummy(std::string_view line, Turn& turn);

  const DialogueSetup& setup_;
  Ends ends_;
  screening::TestSet to_do_, failed_;
  Speech speech_;
  std::string_view state_ = "CONNECT";
  std::string_view refusal_;  // empty: nothing failed
};

}  // namespace postern::screen
