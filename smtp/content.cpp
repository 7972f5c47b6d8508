// The content of a message, and what the server says of it.
#include <algorithm>

#include "lib/base/text.h"
#include "lib/net/progress.h"
#include "smtp/downgrade.h"
#include "smtp/transaction.h"

namespace postern::smtp {

namespace {

constexpr std::string_view kEndOfContent = "sending end of data -- message may be sent more than once";
// Of content up to this size all is on its way when the final dot is.
constexpr std::uint64_t kSmall = 16 * 1024;

}  // namespace

// Content as this server takes it.
class Transaction::Encoding {
 public:
  Encoding(std::size_t line_limit, bool converts) : encoder_(line_limit), converts_(converts) {}

  void put(std::string_view piece, net::Stream& stream) {
    std::string seven_bit, encoded;
    if (converts_) {
      downgrade_.feed(piece, seven_bit);
      piece = seven_bit;
    }
    encoder_.feed(piece, encoded);
    stream.put(encoded);
  }
  void finish(net::Stream& stream) {
    std::string seven_bit, encoded;
    if (converts_) {
      downgrade_.finish(seven_bit);
      encoder_.feed(seven_bit, encoded);
    }
    encoder_.finish(encoded);
    stream.put(encoded);
  }

 private:
  wire::ContentEncoder encoder_;
  Downgrade downgrade_;
  bool converts_;
};

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
  const bool converts =
      letter_.eight_bit && !session_.features.eight_bit && !*setup_.more.disable_mime_output_conversion;
  Encoding encoding(limit > 0 ? static_cast<std::size_t>(limit) : 0, converts);
  ContentPieces pieces(letter_);
  net::Stream& stream = session_.stream();
  content_begun_ = session_.loop().now();
  for (;;) {
    auto piece = pieces.next();
    if (!piece)
      co_return message_trouble("4.3.0",
                                concat("local data error while talking to ", session_.host().label()));
    if (piece->empty()) break;
    encoding.put(*piece, stream);
    if (stream.pending_output() < ContentPieces::kPiece) continue;
    pieces.forget();
    auto why = co_await send_piece();
    if (why) co_return why;
  }
  // While many pieces were under way there was time for a reply to an end that was not yet sent.
  const auto look = sent_bytes_ > 0 ? net::Stream::Look::kernel : net::Stream::Look::near;
  early = session_.unexpected(Session::Next::command, look);
  if (early) co_return early;
  encoding.finish(stream);
  result_.in_doubt = true;
  co_return co_await send_piece();
}

// Sends what was put. A server that takes a little now and then has the whole timeout for what it takes at smtp_min_data_rate
// in this time, and the delivery lasts longer by what it took.
net::Task<Maybe> Transaction::send_piece() {
  net::Stream& stream = session_.stream();
  const Duration limit = *setup_.session.data_xfer_timeout;
  const bool by_rate = *setup_.session.per_request_deadline;
  const std::uint64_t least = by_rate ? bytes_in(limit) : 1;
  const std::uint64_t all = sent_bytes_ + stream.pending_output();
  session_.prolong(time_for(stream.pending_output()));
  while (stream.pending_output() > 0) {
    const std::size_t left = stream.pending_output();
    const auto before = net::send_progress(stream.fd());
    const Deadline whole = session_.loop().in(limit);
    Deadline deadline = session_.until(limit);
    if (by_rate) deadline = std::min(deadline, content_begun_ + limit + time_for(all));
    auto flushed = co_await stream.flush(deadline);
    // What the kernel holds of ours says little: it tells us of room only when there is much.
    const auto after = net::send_progress(stream.fd());
    const std::uint64_t taken =
        before && after ? after->taken - before->taken : left - stream.pending_output();
    if (flushed) break;
    const bool keeps_up = flushed.error().kind == Errc::timeout && deadline == whole && taken >= least;
    if (!keeps_up) co_return session_.broken(flushed.error(), "sending message body");
  }
  sent_bytes_ = all;
  co_return std::nullopt;
}

// ---- the server's word for it

// All of the reply to the final dot has smtp_data_done_timeout, whatever else has passed: after that dot the message may
// have been delivered (RFC 5321 4.5.3.2.6). Replies of LMTP that drip do not do so longer than the delivery may last.
net::Task<void> Transaction::final_replies() {
  const Duration limit = *setup_.session.data_done_timeout;
  const std::size_t replies = setup_.is_lmtp() ? accepted_.size() : 1;
  session_.end = Deadline::max();
  Deadline due = session_.loop().in(limit);
  if (sent_bytes_ > kSmall) {
    auto why = co_await await_verdict(due);
    if (why) {
      fail_all(std::move(*why));
      co_return;
    }
  }
  const Deadline last = due + *setup_.session.delivery_time_limit;
  for (std::size_t n = 0; n < replies; ++n) {
    auto reply = co_await session_.reply(due - session_.loop().now(), kEndOfContent);
    if (!reply) {
      fail_all(std::move(reply.error()));
      co_return;
    }
    take_final(n, std::move(*reply));
    due = std::min(session_.loop().in(limit), last);
  }
  session_.needs_reset = false;
}

// Until the reply begins. Content may be on its way still: the timeout begins anew as long as the server's host takes it at
// smtp_min_data_rate, and once more when it has all.
net::Task<Maybe> Transaction::await_verdict(Deadline& due) {
  net::Stream& stream = session_.stream();
  const Duration limit = *setup_.session.data_done_timeout;
  for (;;) {
    const auto before = net::send_progress(stream.fd());
    auto some = co_await stream.read_some(due);
    if (some) {
      stream.unread(*some);
      co_return std::nullopt;
    }
    const auto now = net::send_progress(stream.fd());
    const std::uint64_t taken = before && now ? now->taken - before->taken : 0;
    const std::uint64_t least = now && now->under_way ? bytes_in(limit) : 1;
    if (some.error().kind != Errc::timeout || taken < least)
      co_return session_.broken(some.error(), kEndOfContent);
    due = session_.loop().in(limit);
  }
}

// The reply to all in SMTP, to one recipient after the other in LMTP.
void Transaction::take_final(std::size_t n, wire::Reply reply) {
  Maybe why;
  if (!reply.ok()) why = said(session_.host(), reply, "end of DATA command");
  if (why && !setup_.is_lmtp()) return fail_all(std::move(*why));
  const std::size_t first = setup_.is_lmtp() ? n : 0, last = setup_.is_lmtp() ? n + 1 : accepted_.size();
  for (std::size_t i = first; i < last; ++i) {
    Fate& fate = result_.fates[accepted_[i]];
    if (why) {
      fate.trouble = why;
    } else {
      fate.sent = reply;
    }
  }
}

Duration Transaction::time_for(std::uint64_t bytes) const {
  return microseconds(static_cast<std::int64_t>(bytes) * 1'000'000 / *setup_.session.min_data_rate);
}

std::uint64_t Transaction::bytes_in(Duration time) const {
  const auto whole = std::chrono::duration_cast<seconds>(time).count();
  return static_cast<std::uint64_t>(whole) * static_cast<std::uint64_t>(*setup_.session.min_data_rate);
}

}  // namespace postern::smtp
