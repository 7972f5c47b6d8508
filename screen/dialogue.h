// What screen says to a client itself: an SMTP server that takes no mail. It is fed one line at a time and says what to
// answer, what to log, which tests the client failed, and whether the session goes on, is handed over, or ends. Pure: no
// sockets, no clock, no tables.
//
// There are two ways to speak. As long as nothing failed and the session can be handed over (Speech::server), each answer
// is what smtpd would answer, to the byte, and what needs smtpd's judgement hands the session over. Otherwise
// (Speech::dummy) it is the engine of Postfix's postscreen, which refuses every RCPT.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/screening/tests.h"
#include "lib/wire/command.h"
#include "lib/wire/verb.h"
#include "screen/dialogue_setup.h"
#include "screen/said.h"

namespace postern::screen {

enum class Speech : std::uint8_t { server, dummy };

// The two ends of a connection, as logs and footers show them: "192.0.2.1", "4711".
struct Ends {
  std::string client_address, client_port, server_address, server_port;
  // "[192.0.2.1]:4711"
  std::string client() const;
};

// What to do after the reply was sent.
enum class Next : std::uint8_t {
  go_on,
  hand_over,  // no reply: the line that was heard is smtpd's to answer, with all that was buffered behind it
  start_tls,  // nothing is buffered behind; then tell tls_started(), or ends_with()
  hang_up,
};

struct Turn {
  std::string_view reply{};  // with CR LF; may be empty. Valid until the next call on the dialogue
  Next next = Next::go_on;
  bool slow = false;               // smtpd would wait smtpd_error_sleep_time before it reads on
  screening::TestSet failed{};     // in this turn, whatever their action is
  bool injected = false;           // text stood behind STARTTLS
  std::vector<std::string> log{};  // whole lines, in order
};

// "COMMAND PIPELINING from [192.0.2.1]:4711 after HELO: MAIL FROM:<x@y>\r\n": a failed test of commands, as the log says
// it; also for what a server reports. `text` is what the client sent, raw; `after` is the command before it.
std::string offence_line(screening::Test test, const Ends& ends, std::string_view after,
                         std::string_view text);

class Dialogue {
 public:
  // `to_do`: the tests of commands of this session; each is looked for until it failed once. The setup and the ends
  // outlive the dialogue.
  Dialogue(const DialogueSetup& setup, Speech speech, screening::TestSet to_do, const Ends& ends)
      : setup_(setup), ends_(ends), to_do_(to_do & screening::kDeepTests), speech_(speech) {}

  // "220 mx.example ESMTP Postern\r\n".
  std::string_view greeting() const { return setup_.server.greeting; }

  // The client failed a test before the greeting: what RCPT gets instead of "450 4.3.2 Service currently unavailable",
  // with or without CR LF. The session is not handed over any more.
  void refuse_with(std::string reply);
  // The EHLO keywords that a table says for this client, instead of postscreen_discard_ehlo_keywords.
  void discard_keywords(std::string_view words);

  // A command line without its ending; `crlf` is false when a bare LF ended it; `behind` is what was already received
  // behind it. `raw` is the line as it came, when postscreen_command_filter made `line` of it.
  Turn hear(std::string_view line, bool crlf, std::string_view behind, std::string_view raw);
  Turn hear(std::string_view line, bool crlf, std::string_view behind) {
    return hear(line, crlf, behind, line);
  }
  // A line has more than line_length_limit bytes. The session ends.
  Turn too_long();
  // postscreen_command_time_limit is over, counted from the end of the command before. The session ends.
  // `note`: what the log adds, where another limit was the shorter one.
  Turn timed_out(std::string_view note = {});
  // Ends the session with "421 4.3.2 ..." or another reply, with or without CR LF, which gets its footer.
  Turn ends_with(std::string_view reply);
  // The client must say who it is anew (RFC 3207 4.2).
  void tls_started();
  // Replaces the footer of postscreen_reject_footer by another text, before the reply is sent. Nothing is done for a reply
  // that takes none. For tables of footers, where DialogueSetup::footer_tables is set: then no other footer is added.
  void add_footer(Turn& turn, std::string_view text);

  // Where the session stands, as the log names it: "CONNECT", "HELO", "MAIL", "UNIMPLEMENTED".
  std::string_view state() const { return state_; }
  // The tests that are passed, as far as one can tell: the client came to RCPT without an offence that counts.
  screening::TestSet passed() const { return at_rcpt_ ? to_do_.without(counted_) : screening::TestSet{}; }
  // The tests that failed, among them those whose action is ignore: these pass for a short time.
  screening::TestSet failed() const { return failed_; }
  // Something failed whose action is not ignore: the session is never handed over.
  bool refused() const { return refused_; }

  // For HandedOver: the lines that the server repeats for itself, whether PIPELINING was offered or may be, and the tests
  // that the server watches.
  std::vector<std::string> take_said() { return said_.take(); }
  bool pipelining() const { return !to_do_.has(screening::Test::pipelining); }
  screening::TestSet to_watch() const { return to_do_.without(failed_); }

 private:
  // dialogue.cpp: what both ways of speaking have in common.
  bool offends(screening::Test test, std::string_view after, std::string_view text, Turn& turn);
  bool is_due(screening::Test test) const { return to_do_.has(test) && !failed_.has(test); }
  bool commits_offence(std::string_view line, std::string_view behind, std::string_view word, Turn& turn);
  void hang_up(Turn& turn, std::string_view reply);
  void hang_up(Turn& turn, const mail::Status& status);
  void say(Turn& turn, std::string_view reply);
  void say(Turn& turn, const mail::Status& status);
  void soften(Turn& turn);
  void log_end(Turn& turn, std::string_view why) const;
  std::string footer_value(std::string_view name) const;

  // server_speech.cpp: as smtpd.
  void answer_as_server(std::string_view line, bool crlf, std::string_view behind, Turn& turn);
  bool is_servers(wire::Verb verb, std::string_view line, bool crlf, std::string_view behind) const;
  void obey(const wire::Command& command, std::string_view line, wire::Verb verb, Turn& turn);
  void greet(wire::Verb verb, std::string_view name, Turn& turn);
  void complain(wire::Verb verb, const mail::Status& status, Turn& turn);
  void end_when_due(wire::Verb verb, Turn& turn);

  // dummy_speech.cpp: as postscreen.
  void answer_as_dummy(std::string_view word, std::string_view rest, std::string_view behind, Turn& turn);
  void say_hello(wire::Verb verb, std::string_view rest, Turn& turn);
  void take_sender(std::string_view rest, Turn& turn);
  void refuse_recipient(std::string_view rest, Turn& turn);
  void refuse_content(wire::Verb verb, std::string_view rest, Turn& turn);
  void start_tls(std::string_view rest, std::string_view behind, Turn& turn);
  void say_ehlo(Turn& turn);
  std::string_view refusal() const;

  const DialogueSetup& setup_;
  const Ends& ends_;
  std::string helo_;
  std::string sender_;     // dummy: the internal form
  std::string recipient_;  // dummy: the one that is refused now
  std::string refusal_;    // with CR LF; empty: nothing failed
  std::string buffer_;     // of a reply that had to be made
  Said said_;
  std::string_view state_ = "CONNECT";
  wire::Discarded discarded_;
  std::uint32_t commands_ = 0;
  std::uint16_t errors_ = 0;  // as smtpd counts them
  std::uint16_t junk_ = 0;    // commands that do nothing
  screening::TestSet to_do_, failed_, counted_;
  Speech speech_;
  bool own_discarded_ = false;
  bool esmtp_ = false;
  bool in_mail_ = false;
  bool at_rcpt_ = false;
  bool refused_ = false;
  bool encrypted_ = false;
};

}  // namespace postern::screen
