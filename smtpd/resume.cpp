// A session that screen began. What was said is repeated without an answer, so that everything here is as if it had been
// said here; then the conversation goes on. Some tests of the client go on as well, until a message was accepted.
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/command.h"
#include "smtpd/session.h"

namespace postern::smtpd {

namespace {

// Commands that screen leaves to us unless they are wrong: one that is not, among those that were answered, has had an
// answer that we do not know.
bool is_left_to_us(Verb verb) {
  switch (verb) {
    case Verb::rcpt:
    case Verb::data:
    case Verb::bdat:
    case Verb::auth:
    case Verb::starttls:
    case Verb::quit: return true;
    default: return false;
  }
}

}  // namespace

net::Task<void> Session::resume(std::unique_ptr<ipc::HandedOver> state, Fd channel) {
  handed_ = std::make_unique<Handed>(*state, std::move(channel));
  handed_->begin();
  log_info(concat("connect from ", peer_.text()));
  if (state->heard == ipc::Heard::greeting) {
    if (!state->said.empty()) patience_.command_came();
    co_await repeat(state->said);
  } else {
    co_await begin();
  }
  stream_.unread(state->unread);
  state.reset();  // the session may last
  if (open_) end_when_due();
  co_await converse();
}

net::Task<void> Session::repeat(const std::vector<std::string>& said) {
  muted_ = true;
  promise_ = Promise::session;
  auto refused = co_await judge(Stage::connect);
  if (refused) {
    denied_ = true;
    reject(*refused);
  }
  for (const std::string& line : said) {
    if (!open_ || !may_repeat(line)) break;
    co_await obey(line);
  }
  muted_ = false;
}

bool Session::may_repeat(std::string_view line) {
  const Verb verb = wire::first_verb(line);
  promise_ = verb == Verb::mail ? Promise::sender : Promise::name;
  if (!is_left_to_us(verb) || !wire::parse_command(line, shared_.setup.rules.grammar)) return true;
  log_warning(concat("session of ", peer_.text(),
                     " was handed over behind a command that cannot be repeated: ", printable(line, 100)));
  muted_ = false;
  reply(mail::Status{421, {4, 3, 0}, concat(shared_.setup.host(), " Error: internal error")});
  return false;
}

// The client heard yes where we say no: the refusal waits for the next command that relies on the yes.
std::optional<mail::Status> Session::late_answer(Verb verb) {
  if (handed_ == nullptr) return std::nullopt;
  auto refusal = handed_->held(verb);
  if (muted_) return std::nullopt;
  return refusal;
}

// Of two MAIL commands the client believes that the first one counts.
bool Session::is_repeated_sender(Verb verb) const {
  return muted_ && verb == Verb::mail && handed_->holds(Promise::sender);
}

// What a test that is watched says of what the client has just done. True: the session is over.
bool Session::offends(screening::Test test, std::string_view after, std::string_view text) {
  if (handed_ == nullptr || muted_ || !handed_->watches(test)) return false;
  if (handed_->fail(test, after, text) != screening::Action::drop) return false;
  const bool foreign = test == screening::Test::non_smtp_command;
  complain(foreign ? mail::status::foreign_protocol(521) : mail::status::protocol_error(521));
  return true;
}

}  // namespace postern::smtpd
