// Waiting for the client, and its ends: time limits, and sessions that give way to others.
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "smtpd/conversation.h"

namespace postern::smtpd {

namespace {

// What is on its way when limits become tighter may still arrive.
constexpr Duration kGrace = seconds(1);
// Nobody gives way who has not kept us waiting for this long.
constexpr Duration kLeastWaited = seconds(1);
// The same of those who say something all the time, and deliver nothing: in all.
constexpr Duration kLeastHeld = seconds(5);
// Sessions that are looked at for one that should give way.
constexpr int kMostSeen = 64;
constexpr int kMostCompared = 8;

Duration limit_of(seconds limit) { return limit == seconds(0) ? Duration::max() : Duration(limit); }

std::string_view name_of(Patience::Cause cause) {
  switch (cause) {
    case Patience::Cause::session: return ": smtpd_session_time_limit";
    case Patience::Cause::first_command: return ": smtpd_first_command_time_limit";
    case Patience::Cause::request: break;
  }
  return "";
}

}  // namespace

Patience::Limits Conversation::limits(Duration request) const {
  const config::SmtpdParams& params = shared_.setup.smtpd;
  Patience::Limits limits;
  limits.request = request;
  limits.session = limit_of(*params.session_time_limit);
  limits.first_command = limit_of(*params.first_command_time_limit);
  limits.data_rate = *params.min_data_rate;
  limits.percent = shared_.load.percent(proven_);
  return limits;
}

void Conversation::begin_request() {
  patience_.begin_request();
  shared_.sessions.touch(*this, proven_);
}

Deadline Conversation::wait() {
  const Duration timeout = shared_.setup.timeout();
  if (*shared_.setup.smtpd.per_request_deadline) return wait(timeout);
  stream_.limit_each_wait(timeout / 100 * shared_.load.percent(proven_));
  return wait(Duration::max());
}

Deadline Conversation::wait(Duration request) {
  gives_way_ = false;
  request_limit_ = request;
  return patience_.begin_wait(shared_.loop.now(), limits(request));
}

void Conversation::waited(std::size_t content) {
  const Instant now = shared_.loop.now();
  patience_.end_wait(now, content, limits(request_limit_));
  // Content that comes as fast as it should: nobody is more welcome.
  if (content > 0 && patience_.used(now) < kLeastWaited) shared_.sessions.touch(*this, proven_);
}

// It pays as well, so that a client on a slow line hears in the end what is wrong: for as much as one message may have, and
// not for ever.
void Conversation::wasted(std::size_t content) {
  const auto limit = static_cast<std::uint64_t>(*shared_.setup.limits.message_size_limit);
  wasted_ += content;
  waited(limit == 0 || wasted_ <= limit ? content : 0);
}

void Conversation::hurry() {
  if (patience_.waits()) stream_.hurry(shared_.loop.in(shared_.setup.timeout()));
}

void Conversation::tighten() {
  if (!patience_.waits()) return;
  const Deadline by = patience_.again(limits(request_limit_));
  stream_.hurry(std::max(by, shared_.loop.in(kGrace)));
}

bool Conversation::may_give_way() const {
  return open_ && !gives_way_ && patience_.waits() && patience_.used(shared_.loop.now()) >= kLeastWaited;
}

bool Conversation::lags() const {
  return open_ && !gives_way_ && patience_.waits() && patience_.held(shared_.loop.now()) >= kLeastHeld;
}

double Conversation::pace(Instant now) const {
  return patience_.pace(now, *shared_.setup.smtpd.min_data_rate);
}

void Conversation::give_way() {
  gives_way_ = true;
  stream_.hurry(shared_.loop.now());
}

// A wait for the client took too long. `after`: what came last.
void Conversation::out_of_time(std::string_view after) {
  if (!open_) return;
  open_ = false;
  if (stream_.has_unheard()) stream_.give_up_output();
  if (gives_way_) {
    shared_.shed.add();
    const bool is_still = patience_.used(shared_.loop.now()) >= kLeastWaited;
    log_info(
        concat("session given up after ", after, " from ", peer_.text(), ": all ", shared_.load.capacity(),
               " sessions are in use, and it ",
               proven_ ? (is_still ? "does nothing" : "is slower than others") : "has not delivered mail"));
    reply(mail::Status{421, {4, 3, 2}, concat(shared_.setup.host(), " Error: server busy, try again later")});
    return;
  }
  shared_.timed_out.add();
  std::string_view limit = name_of(patience_.cause());
  if (limit.empty() && shared_.load.percent(proven_) < 100) limit = ": smtpd_load_limits";
  log_info(concat("timeout after ", after, " from ", peer_.text(), limit));
  reply(mail::status::timeout(shared_.setup.host()));
}

// Limits that become tighter are for those too that are waited for already.
void Shared::follow_load(int more) {
  if (load.follow(load.sessions() + static_cast<std::size_t>(more))) {
    sessions.each([](Conversation& session) {
      session.tighten();
      return false;
    });
  }
  load_step.set(load.step());
  show_load();
}

void Shared::show_load() {
  const auto news = load.news(loop.now(), setup.service);
  if (news) log_warning(*news);
}

namespace {

// Of the first of those that may: the one that is worse than the others, and proven only if all are.
template <class May, class Worse>
Conversation* worst_of(Shared& shared, May may, Worse worse) {
  Conversation* worst = nullptr;
  int seen = 0, compared = 0;
  shared.sessions.each([&](Conversation& session) {
    const bool spares = worst != nullptr && session.is_proven() && !worst->is_proven();
    if (may(session) && !spares) {
      if (worst == nullptr || worse(session, *worst)) worst = &session;
      ++compared;
    }
    return ++seen >= kMostSeen || compared >= kMostCompared;
  });
  return worst;
}

}  // namespace

bool make_room(Shared& shared) {
  const Instant now = shared.loop.now();
  Conversation* worst = worst_of(
      shared, [](const Conversation& session) { return session.may_give_way(); },
      [now](const Conversation& a, const Conversation& b) { return a.waited_for(now) > b.waited_for(now); });
  if (worst == nullptr) {
    worst = worst_of(
        shared, [](const Conversation& session) { return session.lags(); },
        [now](const Conversation& a, const Conversation& b) { return a.pace(now) < b.pace(now); });
  }
  if (worst == nullptr) return false;
  worst->give_way();
  return true;
}

}  // namespace postern::smtpd
