// When many sessions are in use: limits become tighter, and at last one session gives way to another.
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "smtpd/conversation.h"

namespace postern::smtpd {

namespace {

// Nobody gives way who has not kept us waiting for this long.
constexpr Duration kLeastWaited = seconds(1);
// The same of those who say something all the time, and deliver nothing: in all.
constexpr Duration kLeastHeld = seconds(5);
// Sessions that are looked at for one that should give way.
constexpr int kMostSeen = 64;
constexpr int kMostCompared = 8;

// Of the first of those that may: the one that is worse than the others, and proven only if all are.
template <class May, class Worse>
Conversation* worst_of(Shared& shared, May may, Worse worse) {
  Conversation* worst = nullptr;
  int seen = 0, compared = 0;
  shared.sessions.each([&](Conversation& session) {
    const bool is_spared = worst != nullptr && session.is_proven() && !worst->is_proven();
    if (may(session) && !is_spared) {
      if (worst == nullptr || worse(session, *worst)) worst = &session;
      ++compared;
    }
    return ++seen >= kMostSeen || compared >= kMostCompared;
  });
  return worst;
}

}  // namespace

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

bool Conversation::is_still() const { return patience_.used(shared_.loop.now()) >= kLeastWaited; }

bool Conversation::may_give_way() const { return open_ && !gives_way_ && patience_.waits() && is_still(); }

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

// To the client of a session that gives way.
void Conversation::say_busy(std::string_view after) {
  std::string_view why = "has not delivered mail";
  if (proven_) why = is_still() ? "does nothing" : "is slower than others";
  shared_.shed.add();
  log_info(concat("session given up after ", after, " from ", peer_.text(), ": all ", shared_.load.capacity(),
                  " sessions are in use, and it ", why));
  reply(mail::Status{421, {4, 3, 2}, concat(shared_.setup.host(), " Error: server busy, try again later")});
}

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
