// A stream that goes through TLS.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "lib/net/stream.h"
#include "lib/net/tls_connection.h"
#include "lib/net/tls_threads.h"

namespace postern::net {

using Step = TlsConnection::Step;

namespace {

// Of a peer in a handshake: longer than honest ones need for their next message.
constexpr Duration kPatience = milliseconds(400);

}  // namespace

Task<Result<TlsFacts>> Stream::start_tls(const TlsClient& context, TlsClientPeer peer, Deadline deadline) {
  hurried_ = Deadline::max();
  auto sent = co_await send_all(deadline);
  if (!sent) co_return fail(sent.error());
  if (tls_) co_return fail(Errc::invalid, "TLS within TLS");
  // What stands behind the reply to STARTTLS was not said by the server that we are about to trust.
  if (at_ < in_.size()) co_return fail(Errc::invalid, "plain text received before the TLS handshake");
  auto made = TlsConnection::client(context, peer, fd_.get(), readiness_);
  if (!made) co_return fail(made.error());
  tls_ = std::move(*made);
  auto done = co_await shake_hands(deadline);
  if (!done) co_return fail(done.error());
  auto facts = tls_->facts(peer);
  if (!context.speaks(facts.alpn)) {
    tls_->forget_session();
    tls_->guard().end(TlsBreach::alpn, std::string(kNotOffered));
    co_return fail(Errc::denied, tls_->guard().text());
  }
  if (peer.trust != TlsTrust::none && !facts.is_matched) tls_->forget_session();
  const bool refused = peer.must_match && peer.trust != TlsTrust::none && !facts.is_matched;
  if (refused) co_return fail(Errc::denied, facts.problem);
  co_return facts;
}

Task<Result<TlsFacts>> Stream::accept_tls(const TlsServer& context, Deadline deadline) {
  hurried_ = Deadline::max();
  auto sent = co_await send_all(deadline);
  if (!sent) co_return fail(sent.error());
  if (tls_) co_return fail(Errc::invalid, "TLS within TLS");
  discard_input();
  tls_ = std::make_shared<TlsConnection>(context, fd_.get(), readiness_);
  auto there = co_await next_record(deadline);
  if (!there) co_return fail(there.error());
  auto begun = tls_->begin();
  if (!begun) co_return fail(begun.error());
  auto done = co_await shake_hands_as_server(context.threads(), deadline);
  if (!done) co_return fail(done.error());
  co_return tls_->facts_of_client(context.options().digest);
}

// Waits for a whole one, or an end; what is wrong with it, the handshake finds out.
Task<Result<void>> Stream::next_record(Deadline deadline) {
  Deadline patience = loop_.in(kPatience);
  while (tls_->gather() == TlsConnection::Gathered::part) {
    const bool came = co_await readiness_.readable(soonest(std::min(deadline, patience)));
    if (loop_.now() >= patience) {
      tls_->rest();
      patience = Deadline::max();
    } else if (!came) {
      co_return fail(Errc::timeout, "timed out in the TLS handshake");
    }
  }
  co_return Result<void>();
}

Task<Result<void>> Stream::shake_hands_as_server(TlsThreads* threads, Deadline deadline) {
  const TlsThreads::Place place(threads);
  if (place.is_crowded() && tls_->gather() == TlsConnection::Gathered::record) {
    tls_->go_away();
    const Step step = co_await threads->step(tls_);
    tls_->come_back();
    if (step == Step::closed || step == Step::broken) {
      tls_->send_kept();
      co_return fail(tls_->error());
    }
  }
  co_return co_await shake_hands(deadline);
}

TlsBreach Stream::tls_breach() const { return tls_ ? tls_->guard().breach() : TlsBreach::none; }

std::string Stream::tls_breach_text() const { return tls_ ? tls_->guard().text() : std::string(); }

// A record of a handshake, of any version that begins with 3. No line of any text begins so.
bool Stream::meets_tls() const {
  return !tls_ && in_.size() - at_ >= 2 && in_[at_] == '\x16' && in_[at_ + 1] == '\x03';
}

Task<Result<void>> Stream::shake_hands(Deadline deadline) {
  for (;;) {
    const Step step = tls_->handshake();
    if (step == Step::done) co_return Result<void>();
    if (step == Step::wants_read) {
      auto there = co_await next_record(deadline);
      if (!there) co_return there;
    } else if (step == Step::wants_write) {
      tls_->rest();
      const bool has_room = co_await readiness_.writable(soonest(deadline));
      if (!has_room) co_return fail(Errc::timeout, "timed out in the TLS handshake");
    } else {
      co_return fail(tls_->error());
    }
  }
}

Task<Result<std::string_view>> Stream::receive_tls(std::size_t most, Deadline deadline) {
  const Deadline limit = end_of_wait(deadline);
  for (bool woken = false;;) {
    std::size_t count = 0;
    const Step step = tls_->read(loop_.scratch(), most, count);
    bool in_time = true;
    if (step == Step::done) {
      ++full_reads_;
      const std::string_view got(loop_.scratch(), count);
      came(got);
      co_return got;
    }
    full_reads_ = 0;
    if (step == Step::wants_read) {
      // Woken, and nothing to show for it: a piece of a record.
      if (woken) came({});
      in_time = co_await input(limit);
      woken = true;
    } else if (step == Step::wants_write) {
      in_time = co_await readiness_.writable(soonest(limit));
    } else if (step == Step::closed) {
      co_return fail(Errc::lost, "connection closed by the peer");
    } else {
      co_return fail(tls_->error());
    }
    if (!in_time) co_return fail(Errc::timeout, "timed out while receiving");
  }
}

// As send(2). Writing never waits for reading here, since nobody may renegotiate.
ssize_t Stream::send_tls() {
  std::size_t count = 0;
  const Step step = tls_->write(std::string_view(out_).substr(sent_), count);
  if (step == Step::done) return static_cast<ssize_t>(count);
  errno = EPIPE;
  if (step == Step::wants_write) errno = EAGAIN;
  if (step == Step::broken && tls_->error().sys != 0) errno = tls_->error().sys;
  return -1;
}

}  // namespace postern::net
