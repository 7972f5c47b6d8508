// Tests of commands, and refusals: screen speaks with the client itself.
#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/net/wait.h"
#include "screen/talk.h"
#include "screen/visit.h"

namespace postern::screen {

using screening::Count;
using screening::kDeepTests;

// A client that is refused is tested for all that it has not passed, enabled or not: the log tells more of it.
TestSet Visit::tests_of_commands() const {
  const TestSet open = judgement_.open(kDeepTests);
  if (!judgement_.is_refused()) return open;
  const TestSet valid = shared_.setup.enabled.without(judgement_.to_do());
  return kDeepTests.without(valid | judgement_.passed());
}

net::Task<Visit::Way> Visit::talk() {
  begin(Phase::after_greeting);
  const bool as_server = shared_.setup.hands_over_sessions && !judgement_.is_refused();
  const Speech speech = as_server ? Speech::server : Speech::dummy;
  co_await begin_talk(speech);
  const bool pregreeted =
      judgement_.failed().has(Test::pregreet) && shared_.setup.greet_action != Action::ignore;
  if (!pregreeted) {
    const bool said = co_await answer(talk_->dialogue.greeting());
    if (!said) co_return Way::over;
  }
  for (;;) {
    const Next next = co_await take_turn(as_server);
    if (next == Next::hand_over) co_return Way::server;
    if (next == Next::hang_up) co_return Way::over;
    if (next != Next::start_tls) continue;
    const bool started = co_await start_tls();
    if (!started) co_return Way::over;
  }
}

net::Task<void> Visit::begin_talk(Speech speech) {
  const Link link{client_, server_};
  talk_ = std::make_unique<Talk>(shared_, std::move(fd_), link, speech, tests_of_commands());
  if (!refusal_.empty()) talk_->dialogue.refuse_with(std::string(refusal_));
  if (shared_.setup.discard_keywords.empty()) co_return;
  const auto found = co_await shared_.setup.discard_keywords.lookup(talk_->ends.client_address);
  if (!found) {
    log_warning(found.error().text);
  } else if (*found) {
    talk_->dialogue.discard_keywords(**found);
  }
}

Deadline Visit::session_end() const {
  const seconds limit = *shared_.setup.dialogue->params.session_time_limit;
  return limit == seconds(0) ? Deadline::max() : began_ + limit;
}

// One line of the client, and the reply to it. hang_up: the visit is over, and all is said.
net::Task<Next> Visit::take_turn(bool as_server) {
  Talk& talk = *talk_;
  const config::LimitParams& limits = shared_.setup.dialogue->limits;
  const Deadline deadline =
      std::min(shared_.loop.in(*shared_.setup.dialogue->params.command_time_limit), session_end());
  auto line = co_await talk.stream.read_line(static_cast<std::size_t>(*limits.line_length_limit), deadline);
  Turn turn;
  if (line) {
    if (shared_.setup.command_filter.empty()) {
      turn = talk.dialogue.hear(line->text, line->crlf, talk.stream.buffered());
    } else {
      turn = co_await hear_filtered(*line);
    }
    if (turn.next == Next::hand_over) talk.pending = concat(line->text, line->crlf ? "\r\n" : "\n");
  } else if (line.error().kind == Errc::timeout) {
    turn = talk.dialogue.timed_out(shared_.loop.now() >= session_end() ? "screen_session_time_limit" : "");
  } else if (line.error().kind != Errc::too_long) {
    tell_breach(line.error());
    hung_up();
    co_return Next::hang_up;
  } else if (as_server && !talk.dialogue.refused()) {
    co_return Next::hand_over;
  } else {
    turn = talk.dialogue.too_long();
  }
  note(turn, as_server);
  if (turn.next == Next::hand_over) co_return turn.next;
  if (shared_.setup.dialogue->footer_tables) {
    co_await add_footer(talk.dialogue, turn);
  }
  co_return co_await finish_turn(turn.reply, turn.next, turn.slow);
}

// TLS that was broken off for what the client did in it, or that begins where plain text is spoken.
void Visit::tell_breach(const Error& error) {
  const auto breach = talk_->stream.tls_breach();
  daemon::TlsCounters& tls = shared_.counters.tls();
  if (breach != net::TlsBreach::none) {
    tls.ended(breach);
    daemon::log_breach(client_.name(), breach, talk_->stream.tls_breach_text());
  } else if (error.kind == Errc::invalid && !talk_->stream.is_encrypted()) {
    tls.confusions.add();
    daemon::log_breach(client_.name(), "begins with TLS where plain text is spoken");
    talk_->stream.put("221 2.7.0 Error: I can break rules, too. Goodbye.\r\n");
    talk_->stream.flush_now();
  }
}

net::Task<Next> Visit::finish_turn(std::string_view reply, Next next, bool slow) {
  const bool said = co_await answer(reply);
  if (!said) co_return Next::hang_up;
  if (next == Next::hang_up) {
    conclude();
    talk_->stream.flush_now();
    disconnect();
    co_return next;
  }
  if (slow) {
    talk_->stream.flush_now();
    co_await net::sleep_until(shared_.loop, shared_.loop.in(*shared_.setup.dialogue->smtpd.error_sleep_time));
  }
  co_return next;
}

// False: the visit is over.
net::Task<bool> Visit::start_tls() {
  const Setup& setup = shared_.setup;
  const Deadline deadline = std::min(shared_.loop.in(*setup.tls_params.starttls_timeout), session_end());
  auto facts = co_await talk_->stream.accept_tls(*setup.tls.context, deadline);
  daemon::log_tls(setup.tls, client_.name(), facts);
  shared_.counters.tls().shook_hands(facts, talk_->stream.tls_breach());
  if (!facts) {
    hung_up();
    co_return false;
  }
  talk_->dialogue.tls_started();
  co_return true;
}

// What postscreen_command_filter makes of a line. The stream is not used meanwhile: the line stays where it is.
net::Task<Turn> Visit::hear_filtered(net::Line line) {
  const auto key = line.text.substr(std::min(line.text.find_first_not_of(" \t"), line.text.size()));
  auto found = co_await shared_.setup.command_filter.lookup(key);
  if (!found) log_warning(found.error().text);
  std::string_view text = line.text;
  if (found && *found) text = **found;
  co_return talk_->dialogue.hear(text, line.crlf, talk_->stream.buffered(), line.text);
}

net::Task<void> Visit::add_footer(Dialogue& dialogue, Turn& turn) {
  const bool refuses = turn.reply.starts_with('4') || turn.reply.starts_with('5');
  if (!refuses) co_return;
  const std::string reply(turn.reply.substr(0, turn.reply.find('\r')));
  auto footer = co_await shared_.setup.footers.lookup(reply);
  if (!footer) log_warning(footer.error().text);
  const bool found = footer && *footer;
  dialogue.add_footer(turn, found ? std::string_view(**footer) : shared_.setup.dialogue->footer);
}

// What a turn says of the client.
void Visit::note(const Turn& turn, bool as_server) {
  for (const std::string& line : turn.log) log_info(line);
  if (turn.injected) shared_.counters.tls().injections.add();
  const std::int64_t now = wall_seconds();
  for (const Test test : screening::kAllTests) {
    if (turn.failed.has(test)) note_failure(test, now);
  }
  if (as_server) return;  // which a server will say, when it has seen more
  const TestSet passed = talk_->dialogue.passed().without(judgement_.passed());
  for (const Test test : screening::kAllTests) {
    if (passed.has(test)) judgement_.pass(test, now + shared_.setup.ttl(test).count());
  }
}

void Visit::note_failure(Test test, std::int64_t now) {
  if (fail(test) == Action::ignore) judgement_.forgive(test, now + shared_.setup.shortest_ttl().count());
}

// False when the client has gone: the visit is over then.
net::Task<bool> Visit::answer(std::string_view reply) {
  // Who enters the tarpit may end stress, and with it what replies say.
  const std::string text(offended_ ? reply : std::string_view());
  if (!enters_tarpit()) {
    talk_->stream.put(reply);
    co_return true;
  }
  talk_->stream.flush_now();
  const bool sent = co_await drip(text);
  if (!sent) hung_up();
  co_return sent;
}

}  // namespace postern::screen
