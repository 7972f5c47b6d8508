#include "smtp/transaction.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mail/address.h"
#include "lib/wire/xtext.h"
#include "smtp/downgrade.h"

namespace postern::smtp {

namespace {

// Commands that are sent before replies are read. A server that cannot write its replies reads no more; so much fits
// into the buffers on the way, whatever it does (RFC 2920 3.1).
constexpr std::size_t kMostAhead = 16 * 1024;

// The address as it was given, for ORCPT=. One beyond ASCII has a type of its own, which only SMTPUTF8 can carry (RFC 6533
// 3): as it is, but for what an xtext encodes. Empty: it cannot be said.
std::string original_text(std::string_view original, bool smtputf8) {
  const std::string quoted = mail::from_internal(original).quoted();
  const bool is_ascii = std::all_of(quoted.begin(), quoted.end(), [](char c) { return (c & 0x80) == 0; });
  if (is_ascii) return concat("rfc822;", wire::encode_xtext(quoted));
  if (!smtputf8) return {};
  std::string text = "utf-8;";
  for (const char c : quoted) {
    if ((c & 0x80) != 0) {
      text += c;
    } else if (c == '\\') {
      text += "\\x{5C}";
    } else {
      text += wire::encode_xtext(std::string_view(&c, 1));
    }
  }
  return text;
}

constexpr std::string_view kEndOfContent = "sending end of data -- message may be sent more than once";

}  // namespace

Transaction::Transaction(Session& session, const Letter& letter, std::vector<std::size_t> recipients)
    : session_(session), setup_(session.setup()), letter_(letter), recipients_(std::move(recipients)) {
  result_.fates.resize(recipients_.size());
  result_.probed = is_probe();
}

bool Transaction::is_probe() const { return letter_.message->purpose == ipc::Purpose::verify; }

net::Task<Transfer> Transaction::run() {
  ++session_.uses;
  result_.whole = impossible();
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
    co_await say(Verb::rcpt, i, rcpt_command(recipients_[i]));
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
  if (!session_.features.pipelining || session_.stream().pending_output() > kMostAhead) {
    co_await settle();
  }
}

net::Task<void> Transaction::settle() {
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
  steps_.clear();
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
      if (is_probe()) result_.fates[step.recipient].sent = reply;
      return;
    case Verb::data:
      go_ahead_ = reply.go_ahead();
      if (is_probe()) {
        session_.may_be_kept = false;
        if (go_ahead_ || accepted_.empty()) return;
        for (const std::size_t i : accepted_) {
          result_.fates[i].sent.reset();
          result_.fates[i].trouble = said(host, reply, "DATA command");
        }
        return;
      }
      if (!go_ahead_ && !accepted_.empty()) fail_all(said(host, reply, "DATA command"));
  }
}

// ---- the content

net::Task<void> Transaction::content() {
  if (is_probe()) co_return;
  const bool is_wanted = goes_on() && !accepted_.empty();
  if (!is_wanted) {
    // Nobody was accepted, but the server waits for content: the empty message, whose reply means nothing.
    auto early = session_.unexpected();
    if (early) co_return;
    session_.put(".");
    if (setup_.is_lmtp()) {  // no recipient, no reply (RFC 2033 4.2)
      session_.may_be_kept = false;
      co_return;
    }
    auto reply = co_await session_.reply(*setup_.session.data_done_timeout, kEndOfContent);
    if (reply) {
      session_.needs_reset = false;
    } else {
      session_.may_be_kept = false;
    }
    co_return;
  }
  auto why = co_await send_content();
  if (why) {
    session_.may_be_kept = false;
    fail_all(std::move(*why));
    co_return;
  }
  co_await final_replies();
}

net::Task<Maybe> Transaction::send_content() {
  auto early = session_.unexpected();
  if (early) co_return early;
  const auto limit = *setup_.session.line_length_limit;
  wire::ContentEncoder encoder(limit > 0 ? static_cast<std::size_t>(limit) : 0);
  const bool converts =
      letter_.eight_bit && !session_.features.eight_bit && !*setup_.more.disable_mime_output_conversion;
  Downgrade downgrade;
  ContentPieces pieces(letter_);
  content_begun_ = session_.loop().now();
  std::string seven_bit, encoded;
  for (;;) {
    auto piece = pieces.next();
    if (!piece)
      co_return message_trouble("4.3.0",
                                concat("local data error while talking to ", session_.host().label()));
    if (piece->empty()) break;
    encoded.clear();
    if (converts) {
      seven_bit.clear();
      downgrade.feed(*piece, seven_bit);
      encoder.feed(seven_bit, encoded);
    } else {
      encoder.feed(*piece, encoded);
    }
    session_.stream().put(encoded);
    if (session_.stream().pending_output() < ContentPieces::kPiece) continue;
    auto why = co_await send_piece(std::string_view());
    if (why) co_return why;
  }
  encoded.clear();
  if (converts) {
    seven_bit.clear();
    downgrade.finish(seven_bit);
    encoder.feed(seven_bit, encoded);
  }
  encoder.finish(encoded);
  // While many pieces were under way there was time for a reply to an end that was not yet sent.
  early = session_.unexpected(Session::Next::command,
                              sent_bytes_ > 0 ? net::Stream::Look::kernel : net::Stream::Look::near);
  if (early) co_return early;
  co_return co_await send_piece(encoded);
}

// A server that takes a little now and then meets the deadline: it moves on with the bytes that it took.
net::Task<Maybe> Transaction::send_piece(std::string_view piece) {
  net::Stream& stream = session_.stream();
  const std::uint64_t bytes = stream.pending_output() + piece.size();
  const Duration limit = *setup_.session.data_xfer_timeout;
  const auto rate = static_cast<std::uint64_t>(*setup_.session.min_data_rate);
  const Deadline by_rate = content_begun_ + limit + seconds((sent_bytes_ + bytes) / rate);
  const Deadline deadline = std::min(session_.loop().in(limit), by_rate);
  stream.put(piece);
  auto flushed = co_await stream.flush(deadline);
  if (!flushed) co_return session_.broken(flushed.error(), "sending message body");
  sent_bytes_ += bytes;
  co_return std::nullopt;
}

net::Task<void> Transaction::final_replies() {
  const std::size_t replies = setup_.is_lmtp() ? accepted_.size() : 1;
  for (std::size_t n = 0; n < replies; ++n) {
    auto reply = co_await session_.reply(*setup_.session.data_done_timeout, kEndOfContent);
    if (!reply) {
      fail_all(std::move(reply.error()));
      co_return;
    }
    Maybe why;
    if (!reply->ok()) why = said(session_.host(), *reply, "end of DATA command");
    if (why && !setup_.is_lmtp()) {
      fail_all(std::move(*why));
      continue;
    }
    const std::size_t first = setup_.is_lmtp() ? n : 0, last = setup_.is_lmtp() ? n + 1 : accepted_.size();
    for (std::size_t i = first; i < last; ++i) {
      Fate& fate = result_.fates[accepted_[i]];
      if (why) {
        fate.trouble = why;
      } else {
        fate.sent = *reply;
      }
    }
  }
  session_.needs_reset = false;
}

// ---- commands

std::string Transaction::written(std::string_view address) const {
  if (!*setup_.session.quote_rfc821_envelope) return std::string(address);
  return mail::from_internal(address).quoted();
}

std::string Transaction::mail_command() const {
  const Features& can = session_.features;
  const ipc::Deliver& message = *letter_.message;
  std::string line = concat("MAIL FROM:<", written(letter_.sender), ">");
  if (can.size) line += concat(" SIZE=", message.size);
  if (can.eight_bit && letter_.eight_bit) {
    line += " BODY=8BITMIME";
  } else if (can.eight_bit && !message.body_type.empty()) {
    line += concat(" BODY=", message.body_type);
  }
  if (can.smtputf8 && message.smtputf8) line += " SMTPUTF8";
  if (can.dsn && !is_probe()) {
    if (!message.ret.empty()) line += concat(" RET=", message.ret);
    if (!message.envid.empty()) line += concat(" ENVID=", message.envid);
  }
  if (can.auth && *setup_.tls.send_dummy_mail_auth) line += " AUTH=<>";
  return line;
}

std::string Transaction::rcpt_command(std::size_t recipient) const {
  const LetterTo& to = letter_.to[recipient];
  const ipc::DeliverTo& asked = *to.asked;
  std::string line = concat("RCPT TO:<", written(to.address), ">");
  if (!session_.features.dsn || is_probe()) return line;
  if (!asked.notify.empty()) line += concat(" NOTIFY=", asked.notify);
  if (!asked.orcpt.empty()) {
    line += concat(" ORCPT=", asked.orcpt);
  } else if (!asked.original.empty()) {
    const std::string original = original_text(asked.original, session_.features.smtputf8);
    if (!original.empty()) line += concat(" ORCPT=", original);
  }
  return line;
}

// Two commands, as long as the server knows some attribute of them.
std::vector<std::string> Transaction::xforward_commands() const {
  const auto& can = session_.features.xforward;
  const ipc::SmtpClient& client = letter_.message->client;
  const auto has = [&](std::string_view name) {
    return std::find(can.begin(), can.end(), name) != can.end();
  };
  const auto value = [](std::string_view text) {
    return text.empty() || text == "unknown" ? std::string("[UNAVAILABLE]") : wire::encode_xtext(text);
  };
  std::string first, second;
  const auto add = [&](std::string& to, std::string_view name, std::string_view text) {
    if (has(name)) to += concat(" ", name, "=", value(text));
  };
  add(first, "NAME", client.name);
  add(first, "ADDR",
      client.address.find(':') == std::string::npos ? client.address : concat("IPv6:", client.address));
  add(first, "PORT", client.port > 0 ? std::to_string(client.port) : std::string());
  add(second, "HELO", client.helo);
  add(second, "PROTO", client.protocol);
  add(second, "IDENT", setup_.id_text(letter_.message->queue_id));
  if (has("SOURCE")) second += concat(" SOURCE=", client.address.empty() ? "LOCAL" : "REMOTE");
  std::vector<std::string> commands;
  if (!first.empty()) commands.push_back(concat("XFORWARD", first));
  if (!second.empty()) commands.push_back(concat("XFORWARD", second));
  return commands;
}

Duration Transaction::limit_of(Verb verb) const {
  switch (verb) {
    case Verb::rset: return *setup_.session.rset_timeout;
    case Verb::xforward: return *setup_.session.xforward_timeout;
    case Verb::mail: return *setup_.session.mail_timeout;
    case Verb::rcpt: return *setup_.session.rcpt_timeout;
    case Verb::data: break;
  }
  return *setup_.session.data_init_timeout;
}

std::string_view Transaction::doing(Verb verb) const {
  switch (verb) {
    case Verb::rset: return "sending RSET";
    case Verb::xforward: return "sending XFORWARD name/address";
    case Verb::mail: return "sending MAIL FROM";
    case Verb::rcpt: return "sending RCPT TO";
    case Verb::data: break;
  }
  return "sending DATA command";
}

}  // namespace postern::smtp
