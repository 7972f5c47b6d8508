// Tests before the greeting: the client must wait, and DNS lists are asked meanwhile.
#include <sys/socket.h>

#include <cerrno>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "screen/talk.h"
#include "screen/visit.h"

namespace postern::screen {

using screening::kEarlyTests;

namespace {

// As much as is looked at of what a client says too early, and as much of it as the log shows.
constexpr std::size_t kPeek = 1023;
constexpr std::size_t kShown = 100;

}  // namespace

net::Task<Visit::Way> Visit::test_before_greeting() {
  begin(Phase::before_greeting);
  if (judgement_.to_do().has(Test::pregreet)) {
    teased_ = send_now(shared_.setup.teaser);
    if (!teased_) {
      hung_up();
      co_return Way::over;
    }
  }
  if (judgement_.to_do().has(Test::dnsbl)) {
    inquiry_ = shared_.lists.ask(client_.inet());
    if (!inquiry_->complete()) inquiry_->when_complete(*this);
  }
  const Heard heard = co_await wait_for_greeting();
  if (heard == Heard::end) {
    hung_up();
    co_return Way::over;
  }
  if (heard == Heard::drop) {
    const std::string reply = concat(mail::status::protocol_error(521).reply(), "\r\n");
    co_await say_last(reply);
    co_return Way::over;
  }
  const auto now = wall_seconds();
  if (judgement_.open(kEarlyTests).has(Test::pregreet)) {
    judgement_.pass(Test::pregreet, now + shared_.setup.params.greet_ttl->count());
  }
  if (judgement_.to_do().has(Test::dnsbl)) {
    const std::string reply = judge_lists(now);
    inquiry_.reset();  // who stays for long would hold up an old answer for others of the address
    if (!reply.empty()) {
      co_await say_last(reply);
      co_return Way::over;
    }
  }
  co_return next();
}

// Until the time is over or all is decided.
net::Task<Visit::Heard> Visit::wait_for_greeting() {
  net::Loop& loop = shared_.loop;
  net::Readiness readiness(loop, fd_.get());
  const Deadline end = net::Loop::tick(loop.in(*shared_.setup.params.greet_wait));
  const Waiting waiting(*this, readiness);
  for (;;) {
    hear_lists();
    if (is_decided() || loop.now() >= end) co_return Heard::silence;
    const bool came = co_await readiness.readable(end);
    if (!came || !judgement_.open(kEarlyTests).has(Test::pregreet)) continue;
    const Heard heard = look_at_input();
    if (heard != Heard::silence) co_return heard;
  }
}

bool Visit::is_decided() const {
  const TestSet open = judgement_.open(kEarlyTests);
  if (open.has(Test::pregreet)) return false;
  return !open.has(Test::dnsbl) || inquiry_->complete();
}

void Visit::lists_answered() {
  if (waiting_ != nullptr) waiting_->hurry(shared_.loop.now());
}

// DNS lists that vouch for a client end its wait.
void Visit::hear_lists() {
  const int threshold = *shared_.setup.params.dnsbl_allowlist_threshold;
  if (threshold >= 0 || inquiry_ == nullptr || !inquiry_->complete()) return;
  if (inquiry_->score() <= threshold && inquiry_->score() < *shared_.setup.params.dnsbl_threshold) {
    judgement_.excuse(wall_seconds() + inquiry_->ttl().count());
  }
}

// What the client says before it is its turn. What is left in the socket is there for whoever speaks with it next.
Visit::Heard Visit::look_at_input() {
  const bool drops = shared_.setup.greet_action == Action::drop;
  const int how = drops ? MSG_DONTWAIT : MSG_DONTWAIT | MSG_PEEK;
  const ssize_t got = ::recv(fd_.get(), shared_.loop.scratch(), kPeek, how);
  if (got < 0 && errno == EAGAIN) return Heard::silence;
  if (got <= 0) return Heard::end;
  const std::string_view said(shared_.loop.scratch(), static_cast<std::size_t>(got));
  log_info(concat("PREGREET ", got, " after ", since(phase_began_), " from ", client_.name(), ": ",
                  std::string_view(escaped(said, kShown)).substr(0, kShown)));
  switch (fail(Test::pregreet)) {
    case Action::drop: return Heard::drop;
    case Action::enforce:
      refusal_text_ = mail::status::protocol_error(550).reply();
      refusal_ = refusal_text_;
      break;
    case Action::ignore: break;
  }
  return Heard::silence;
}

// The reply that ends the visit; empty if it goes on. Lists that have not answered yet do not count.
std::string Visit::judge_lists(std::int64_t now) {
  const int score = inquiry_->score();
  const config::ScreenParams& params = shared_.setup.params;
  const std::int64_t until = now + inquiry_->ttl().count();
  if (score < *params.dnsbl_threshold) {
    judgement_.pass(Test::dnsbl, until);
    if (*params.dnsbl_allowlist_threshold < 0 && score <= *params.dnsbl_allowlist_threshold)
      judgement_.excuse(until);
    return {};
  }
  log_info(concat("DNSBL rank ", score, " for ", client_.name()));
  const Action action = fail(Test::dnsbl);
  if (action == Action::ignore) return {};
  const std::string text =
      concat(" 5.7.1 Service unavailable; client [", client_.text(), "] blocked using ", inquiry_->blame());
  if (action == Action::drop) return concat("521", text, "\r\n");
  refusal_text_ = concat("550", text);
  refusal_ = refusal_text_;
  return {};
}

Visit::Way Visit::next() const {
  if (judgement_.is_refused()) return Way::dialogue;
  if (judgement_.open(screening::kDeepTests).empty()) return Way::server;
  const bool servers = shared_.setup.hands_over_sessions && shared_.setup.dialogue->judges_early;
  return servers ? Way::server : Way::dialogue;
}

}  // namespace postern::screen
