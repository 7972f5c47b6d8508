#include "smtp/transaction.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::smtp {

namespace {

// Commands that are sent before replies are read. A server that cannot write its replies reads no more; so much fits
// into the buffers on the way, whatever it does (RFC 2920 3.1).
constexpr std::size_t kMostAhead = 16 * 1024;
// Replies to the commands that went ahead: as long as they come within this time, more commands go ahead.
constexpr seconds kBrisk{1};

// What would end the command, or its path, in an address. The local part is quoted; the domain goes as it is.
bool is_sendable(std::string_view address, bool quoted) {
  constexpr std::string_view kLineEnds("\r\n\0", 3);
  if (address.find_first_of(kLineEnds) != std::string_view::npos) return false;
  const auto bare = quoted ? address.substr(std::min(address.rfind('@'), address.size())) : address;
  return std::none_of(bare.begin(), bare.end(), [&](char c) {
    return c == '<' || c == '>' || (quoted && (static_cast<unsigned char>(c) <= ' ' || c == '\x7f'));
  });
}

}  // namespace

Transaction::Transaction(Session& session, const Letter& letter, std::vector<std::size_t> recipients)
    : session_(session),
      setup_(session.setup()),
      letter_(letter),
      recipients_(std::move(recipients)),
      is_careful_(recipients_.size() > 1 && (letter.message->attempts > 0 || !session.features.pipelining)),
      soft_end_(session.end) {
  if (is_careful_) most_ahead_ = 1;
  result_.fates.resize(recipients_.size());
  result_.probed = is_probe();
}

bool Transaction::is_probe() const { return letter_.message->purpose == ipc::Purpose::verify; }

net::Task<Transfer> Transaction::run() {
  ++session_.uses;
  result_.whole = impossible();
  refuse_malformed();
  if (goes_on()) {
    co_await envelope();
  }
  if (data_said_ && go_ahead_ && (goes_on() || accepted_.empty())) {
    co_await content();
  } else if (go_ahead_) {
    session_.may_be_kept = false;  // it waits for content that does not come
  }
  co_return std::move(result_);
}

// What need not be tried, since the server said what it can do.
Maybe Transaction::impossible() const {
  const Features& can = session_.features;
  const auto size = static_cast<std::uint64_t>(letter_.message->size);
  if (can.size_limit > 0 && size > can.size_limit) {
    return message_trouble("5.3.4", concat("message size ", size, " exceeds size limit ", can.size_limit,
                                           " of server ", session_.host().label()));
  }
  if (letter_.needs_smtputf8 && !can.smtputf8) {
    return message_trouble(
        "5.6.7", concat("SMTPUTF8 is required, but was not offered by host ", session_.host().label()));
  }
  return std::nullopt;
}

// An address that nobody can be sent: it would be taken for more than an address.
void Transaction::refuse_malformed() {
  const bool quotes = *setup_.session.quote_rfc821_envelope;
  if (goes_on() && !is_sendable(letter_.sender, quotes))
    result_.whole = message_trouble("5.1.7", "bad sender address syntax");
  std::size_t refused = 0;
  for (std::size_t i = 0; i < recipients_.size(); ++i) {
    if (is_sendable(letter_.to[recipients_[i]].address, quotes)) continue;
    result_.fates[i].trouble = message_trouble("5.1.3", "bad recipient address syntax");
    ++refused;
  }
  if (goes_on() && refused == recipients_.size())
    result_.whole = message_trouble("5.1.3", "bad recipient address syntax");
}

// ---- MAIL, RCPT, DATA

net::Task<void> Transaction::envelope() {
  // A connection that had been kept was looked at when it was taken.
  const auto look = session_.uses > 1 ? net::Stream::Look::near : net::Stream::Look::kernel;
  auto early = session_.unexpected(Session::Next::mail, look);
  if (early) {
    fail_all(std::move(*early));
    co_return;
  }
  if (session_.needs_reset) {
    co_await say(Verb::rset, 0, "RSET");
  }
  if (*setup_.session.send_xforward_command) {
    const auto commands = xforward_commands();
    for (const auto& command : commands) {
      co_await say(Verb::xforward, 0, command);
    }
  }
  session_.needs_reset = true;
  if (goes_on()) {
    co_await say(Verb::mail, 0, mail_command());
  }
  for (std::size_t i = 0; i < recipients_.size() && goes_on(); ++i) {
    if (is_late()) {
      leave_rest(i);
      break;
    }
    if (result_.fates[i].trouble) continue;
    co_await say(Verb::rcpt, i, rcpt_command(recipients_[i]));
  }
  if (is_careful_) {
    co_await settle();  // so that what is known to be accepted is sent
  }
  const bool until_data = *setup_.client.address_verify_target == "data";
  const bool wants_data = !is_probe() || until_data;
  const bool may_say_data = session_.features.pipelining || !accepted_.empty();
  if (wants_data && goes_on() && may_say_data) {
    data_said_ = true;
    co_await say(Verb::data, 0, "DATA");
  }
  co_await settle();
}

// Without pipelining each command waits for its reply.
net::Task<void> Transaction::say(Verb verb, std::size_t recipient, std::string command) {
  // A reply to nothing would be taken for the reply to this command.
  auto early = steps_.empty() ? session_.unexpected() : std::nullopt;
  if (early) {
    if (goes_on()) fail_all(std::move(*early));
    co_return;
  }
  session_.put(command);
  steps_.push_back({verb, recipient});
  const bool is_full = steps_.size() >= most_ahead_ || session_.stream().pending_output() > kMostAhead;
  if (!session_.features.pipelining || is_full) {
    co_await settle();
  }
}

net::Task<void> Transaction::settle() {
  const Instant begun = session_.loop().now();
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step step = steps_[i];
    auto reply = co_await session_.reply(limit_of(step.verb), doing(step.verb));
    if (!reply) {
      result_.stale = session_.uses > 1 && !replied_;
      session_.may_be_kept = false;
      if (goes_on()) fail_all(std::move(reply.error()));
      go_ahead_ = false;
      break;
    }
    if (!replied_ && reply->code == 421 && session_.uses > 1) result_.stale = true;
    replied_ = true;
    judge(step, *reply);
  }
  const bool is_brisk = session_.loop().now() - begun < kBrisk;
  if (is_careful_) most_ahead_ = is_brisk ? std::min(most_ahead_ * 2, recipients_in_time()) : 1;
  steps_.clear();
}

// ---- a server that takes its time with each recipient

// The time of the delivery is over, but somebody was accepted: these get the message, so that a list makes progress.
bool Transaction::is_late() const {
  return !accepted_.empty() && steps_.empty() && session_.loop().now() >= soft_end_;
}

// So many that there is time for, even should each reply take as long as it may.
std::size_t Transaction::recipients_in_time() const {
  const auto left = (soft_end_ - session_.loop().now()) / *setup_.session.rcpt_timeout;
  return static_cast<std::size_t>(std::max<std::int64_t>(1, left));
}

// The others are for the next attempt.
void Transaction::leave_rest(std::size_t first) {
  Trouble why = session_.late(doing(Verb::rcpt));
  why.of_site = false;
  for (std::size_t i = first; i < recipients_.size(); ++i) result_.fates[i].trouble = why;
  session_.end = session_.loop().in(*setup_.session.data_init_timeout + *setup_.session.data_xfer_timeout);
}

void Transaction::fail_all(Trouble why) {
  if (why.of_site) session_.may_be_kept = false;
  if (!result_.whole) result_.whole = std::move(why);
}

void Transaction::judge(Step step, const wire::Reply& reply) {
  const Host& host = session_.host();
  switch (step.verb) {
    case Verb::rset:
      if (!reply.ok()) {
        result_.stale = true;
        session_.may_be_kept = false;
        fail_all(said(host, reply, "RSET command"));
      }
      return;
    case Verb::xforward: return;  // it is a courtesy
    case Verb::mail:
      if (!reply.ok() && goes_on()) fail_all(said(host, reply, "MAIL FROM command"));
      return;
    case Verb::rcpt:
      if (!goes_on()) return;
      if (!reply.ok()) {
        result_.fates[step.recipient].trouble = said(host, reply, "RCPT TO command");
        return;
      }
      accepted_.push_back(step.recipient);
      if (is_careful_ && session_.end == soft_end_) session_.prolong(*setup_.session.rcpt_timeout);
      if (is_probe()) result_.fates[step.recipient].sent = reply;
      return;
    case Verb::data: judge_data(reply);
  }
}

// To a probe this reply is the last one: no content follows.
void Transaction::judge_data(const wire::Reply& reply) {
  go_ahead_ = reply.go_ahead();
  if (is_probe()) session_.may_be_kept = false;
  if (go_ahead_ || accepted_.empty()) return;
  const Trouble why = said(session_.host(), reply, "DATA command");
  if (!is_probe()) return fail_all(why);
  for (const std::size_t i : accepted_) {
    result_.fates[i].sent.reset();
    result_.fates[i].trouble = why;
  }
}

}  // namespace postern::smtp
