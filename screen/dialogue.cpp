#include "screen/dialogue.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/wire/reject_footer.h"
#include "lib/wire/reply.h"

namespace postern::screen {

using screening::Action;
using screening::Test;

namespace {

constexpr std::size_t kShown = 100;  // bytes of what a client sent, in a line of the log

// The first word of a line and what follows it, blanks at the front gone.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  const auto word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return word;
}

// What a log line calls the command: also two that screen does not speak.
std::string_view state_of(std::string_view word) {
  for (const std::string_view known : {"XCLIENT", "XFORWARD"}) {
    if (iequals(word, known)) return known;
  }
  const auto verb = wire::first_verb(word);
  return verb == wire::Verb::unknown ? "UNIMPLEMENTED" : wire::name_of(verb);
}

// The name of a command in a log line.
std::string shown_word(std::string_view word) { return printable(word, kShown); }

}  // namespace

std::string Ends::client() const { return concat('[', client_address, "]:", client_port); }

std::string offence_line(Test test, const Ends& ends, std::string_view after, std::string_view text) {
  const std::string client = ends.client();
  if (test == Test::pipelining) {
    return concat("COMMAND PIPELINING from ", client, " after ", shown_word(after), ": ",
                  escaped(text, kShown));
  }
  if (test == Test::bare_newline)
    return concat("BARE NEWLINE from ", client, " after ", escaped(text, kShown));
  const auto word = take_word(text);
  return concat("NON-SMTP COMMAND from ", client, " after ", after, ": ", shown_word(word), ' ',
                escaped(text, kShown));
}

void Dialogue::refuse_with(std::string reply) {
  refusal_ = std::move(reply);
  if (!refusal_.ends_with('\n')) refusal_ += "\r\n";
  refused_ = true;
}

void Dialogue::discard_keywords(std::string_view words) {
  discarded_ = wire::Discarded(words);
  own_discarded_ = true;
}

Turn Dialogue::hear(std::string_view line, bool crlf, std::string_view behind, std::string_view raw) {
  Turn turn;
  if (!crlf && is_due(Test::bare_newline) && offends(Test::bare_newline, state_, raw, turn)) return turn;
  if (raw.data() != line.data() && raw != line) {
    turn.log.push_back(concat(ends_.client(), ": replacing command \"", printable(raw, kShown), "\" with \"",
                              printable(line, kShown), '"'));
  }
  std::string_view rest = line;
  const auto word = take_word(rest);
  if (commits_offence(line, behind, word, turn)) return turn;
  if (commands_ >= static_cast<std::uint32_t>(*setup_.params.command_count_limit) && !iequals(word, "QUIT")) {
    log_end(turn, "COMMAND COUNT LIMIT");
    hang_up(turn, setup_.limit_reply);
    return turn;
  }
  ++commands_;
  if (speech_ == Speech::server && !refused_) {
    answer_as_server(line, crlf, behind, turn);
  } else {
    answer_as_dummy(word, rest, behind, turn);
  }
  if (turn.next != Next::hand_over) state_ = state_of(word);
  return turn;
}

// True when the session ends because of it.
bool Dialogue::commits_offence(std::string_view line, std::string_view behind, std::string_view word,
                               Turn& turn) {
  if (is_due(Test::non_smtp_command) &&
      wire::is_non_smtp(word, setup_.forbidden_commands, *setup_.smtpd.smtputf8_enable) &&
      offends(Test::non_smtp_command, state_, line, turn)) {
    return true;
  }
  // A chunk belongs to its command.
  return is_due(Test::pipelining) && !behind.empty() && !iequals(word, "BDAT") &&
         offends(Test::pipelining, word, behind, turn);
}

// True when the session ends because of it.
bool Dialogue::offends(Test test, std::string_view after, std::string_view text, Turn& turn) {
  failed_.add(test);
  turn.failed.add(test);
  turn.log.push_back(offence_line(test, ends_, after, text));
  const Action action = setup_.action(test);
  if (action == Action::ignore) return false;
  counted_.add(test);
  refuse_with(mail::status::protocol_error(550).reply());
  if (action != Action::drop) return false;
  const bool foreign = test == Test::non_smtp_command;
  hang_up(turn, foreign ? mail::status::foreign_protocol(521) : mail::status::protocol_error(521));
  return true;
}

Turn Dialogue::too_long() {
  Turn turn;
  log_end(turn, "COMMAND LENGTH LIMIT");
  hang_up(turn, setup_.limit_reply);
  return turn;
}

Turn Dialogue::timed_out(std::string_view note) {
  Turn turn;
  log_end(turn, "COMMAND TIME LIMIT");
  if (!note.empty()) turn.log.back() += concat(": ", note);
  hang_up(turn, setup_.timeout_reply);
  return turn;
}

Turn Dialogue::ends_with(std::string_view reply) {
  Turn turn;
  const std::string whole = reply.ends_with('\n') ? std::string() : concat(reply, "\r\n");
  if (!whole.empty()) buffer_ = whole;
  hang_up(turn, whole.empty() ? reply : buffer_);
  return turn;
}

void Dialogue::log_end(Turn& turn, std::string_view why) const {
  turn.log.push_back(concat(why, " from ", ends_.client(), " after ", state_));
}

void Dialogue::hang_up(Turn& turn, std::string_view reply) {
  say(turn, reply);
  turn.next = Next::hang_up;
}

void Dialogue::hang_up(Turn& turn, const mail::Status& status) {
  say(turn, status);
  turn.next = Next::hang_up;
}

void Dialogue::say(Turn& turn, const mail::Status& status) {
  std::string text;
  wire::append_reply(text, status);
  buffer_ = std::move(text);
  say(turn, buffer_);
}

void Dialogue::say(Turn& turn, std::string_view reply) {
  turn.reply = reply;
  if (!wire::takes_footer(reply)) return;
  if (*setup_.common.soft_bounce) soften(turn);
  if (!setup_.footer_tables) add_footer(turn, setup_.footer);
}

// soft_bounce: a refusal for ever becomes one for now.
void Dialogue::soften(Turn& turn) {
  if (turn.reply.front() != '5') return;
  if (turn.reply.data() != buffer_.data()) buffer_ = turn.reply;
  wire::soften(buffer_);
  turn.reply = buffer_;
}

void Dialogue::add_footer(Turn& turn, std::string_view text) {
  if (!wire::takes_footer(turn.reply) || text.empty()) return;
  if (turn.reply.data() != buffer_.data()) buffer_ = turn.reply;
  wire::add_footer(buffer_, text, setup_.footer_filter,
                   [this](std::string_view name) { return footer_value(name); });
  turn.reply = buffer_;
}

std::string Dialogue::footer_value(std::string_view name) const {
  if (name == "client") return concat("unknown[", ends_.client_address, ']');
  if (name == "client_name") return "unknown";
  if (name == "client_address") return ends_.client_address;
  if (name == "client_port") return ends_.client_port;
  if (name == "server_address") return ends_.server_address;
  if (name == "server_port") return ends_.server_port;
  if (name == "server_name") return setup_.host();
  if (name == "localtime") return wire::footer_time();
  if (name == "helo_name") return helo_;
  if (name == "protocol_name") return esmtp_ ? "ESMTP" : "SMTP";
  if (name == "sender") return in_mail_ ? mail::shown_address(sender_) : std::string();
  if (name == "recipient") return mail::shown_address(recipient_);
  return {};
}

void Dialogue::tls_started() {
  encrypted_ = true;
  helo_.clear();
  in_mail_ = esmtp_ = false;
}

}  // namespace postern::screen
