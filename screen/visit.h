// One visit of a client, from its connection to the verdict: the order of events is that of run(). Everything that is
// known of a client that waits for the greeting is in this object and one or two coroutines; what a dialogue needs comes
// later.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/daemon/in_hand.h"
#include "lib/ipc/messages/handed_over.h"
#include "lib/net/readiness.h"
#include "lib/net/socket.h"
#include "lib/net/stream.h"
#include "lib/net/task.h"
#include "screen/clients.h"
#include "screen/dialogue.h"
#include "screen/dns_lists.h"
#include "screen/judgement.h"
#include "screen/shared.h"

namespace postern::screen {

struct Talk;

class Visit : Inquiry::Waiter {
 public:
  // `server`: our end of the connection.
  Visit(Shared& shared, net::Accepted connection, End server, daemon::InHand in_hand);
  ~Visit() override;
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  // The whole visit.
  net::Task<void> run();

 private:
  // Where a visit goes on.
  enum class Way : std::uint8_t {
    over,      // all is said
    greeting,  // tests before it
    dialogue,  // tests of commands, or a client that is refused
    server,    // it is given to a server
  };
  enum class Phase : std::uint8_t { before_greeting, after_greeting };
  enum class Header : std::uint8_t { incomplete, known, bad };
  enum class Heard : std::uint8_t { silence, end, drop };

  // visit.cpp: what comes before the tests, and what is the same at each end
  net::Task<bool> introduce();
  Header take_header(std::string_view bytes);
  void refuse_proxy();
  net::Task<Way> receive();
  std::string_view turned_away();
  std::string_view deny();
  bool recall();
  net::Task<bool> is_vetoed();
  void veto();
  void conclude();
  void hung_up();
  void disconnect();
  void log_line(std::string_view what) const;
  void say_old_words();
  std::string since(Instant begun) const;
  void begin(Phase phase);
  void offend();
  Action fail(Test test);
  void leave_queue();
  void change_stress();
  int fd() const;
  net::Task<std::string> own_reply(std::string_view reply);
  bool send_now(std::string_view text);
  net::Task<void> say_last(std::string_view reply);
  bool enters_tarpit();
  net::Task<bool> drip(std::string_view text);

  // visit_greeting.cpp
  // While it waits for the greeting: what a list that answers wakes.
  struct Waiting {
    Waiting(Visit& of, net::Readiness& readiness) : visit(of) { visit.waiting_ = &readiness; }
    ~Waiting() { visit.waiting_ = nullptr; }
    Visit& visit;
  };
  net::Task<Way> test_before_greeting();
  net::Task<Heard> wait_for_greeting();
  bool is_decided() const;
  void lists_answered() override;
  void hear_lists();
  Heard look_at_input();
  std::string judge_lists(std::int64_t now);
  Way next() const;

  // visit_dialogue.cpp
  TestSet tests_of_commands() const;
  net::Task<Way> talk();
  net::Task<void> begin_talk(Speech speech);
  net::Task<Next> take_turn(bool as_server);
  Deadline session_end() const;
  net::Task<Next> finish_turn(std::string_view reply, Next next, bool slow);
  net::Task<bool> start_tls();
  void tell_breach(const Error& error);
  net::Task<Turn> hear_filtered(net::Line line);
  net::Task<void> add_footer(Dialogue& dialogue, Turn& turn);
  void note(const Turn& turn, bool as_server);
  void note_failure(Test test, std::int64_t now);
  net::Task<bool> answer(std::string_view reply);

  // visit_server.cpp
  net::Task<void> hand_over();
  TestSet tests_to_watch() const;
  ipc::HandedOver state(TestSet watched);
  std::unique_ptr<Sequel> sequel(TestSet watched) const;
  net::Task<void> turn_away(std::string_view reply);

  Shared& shared_;
  Fd fd_;  // until a talk has it
  Phase phase_ = Phase::before_greeting;
  End client_, server_;
  Judgement judgement_;
  Clients::Hold known_;
  std::shared_ptr<Inquiry> inquiry_;
  net::Readiness* waiting_ = nullptr;
  std::unique_ptr<Talk> talk_;
  std::string_view refusal_;  // what RCPT is told
  std::string refusal_text_;
  Instant began_, phase_began_, tarpit_began_;
  daemon::InHand in_hand_;
  bool proxied_ = false;
  bool counted_ = false;  // in the load
  bool in_tarpit_ = false;
  bool teased_ = false;    // the teaser was sent
  bool offended_ = false;  // failed a test, and that is not ignored
  bool gone_ = false;
};

}  // namespace postern::screen
