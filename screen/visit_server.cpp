// Good clients go on with a server.
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "screen/talk.h"
#include "screen/visit.h"

namespace postern::screen {

using screening::Count;
using screening::kDeepTests;

namespace {

constexpr std::size_t kLongestFirstLine = 2048;
constexpr std::string_view kNoResources = "421 4.3.2 No system resources\r\n";

// What a server finds out about a client in the tests that were left to it.
class Report : public Sequel {
 public:
  Report(Shared& shared, const Link& link, Clients::Hold known, const Judgement& judgement, TestSet watched)
      : shared_(shared), link_(link), known_(std::move(known)), judgement_(judgement), watched_(watched) {}

  void failed(const ipc::Offence& offence) override {
    const auto number = static_cast<std::uint64_t>(offence.test);
    if (number >= screening::kTests) return;
    const auto test = static_cast<Test>(number);
    if (!watched_.has(test)) return;
    watched_.remove(test);
    tell(test, offence);
    const Action action = shared_.setup.action(test);
    shared_.counters.add(screening::count_of(test, action));
    if (action == Action::ignore) {
      judgement_.forgive(test, wall_seconds() + shared_.setup.shortest_ttl().count());
      return;
    }
    judgement_.fail(test, action);
    if (link_.client.is_inet) shared_.counters.offended(link_.client.address);
  }

  void passed(const ipc::Watched&) override {
    const std::int64_t now = wall_seconds();
    for (const Test test : screening::kAllTests) {
      if (watched_.has(test)) judgement_.pass(test, now + shared_.setup.ttl(test).count());
    }
    keep_results(shared_, link_.client, known_, judgement_, watched_);
  }

 private:
  void tell(Test test, const ipc::Offence& offence) const {
    log_info(offence_line(test, link_.ends(), offence.after, offence.text));
  }

  Shared& shared_;
  Link link_;
  Clients::Hold known_;
  Judgement judgement_;
  TestSet watched_;
};

}  // namespace

void keep_results(Shared& shared, const End& client, const Clients::Hold& known, const Judgement& judgement,
                  TestSet found) {
  const TestSet passed = (judgement.passed() & found).without(judgement.failed());
  for (const Test test : screening::kAllTests) {
    if (passed.has(test)) {
      shared.counters.add(screening::count_of(test, screening::Outcome::passed));
    }
  }
  if (!judgement.has_news()) return;
  if (judgement.is_passed()) {
    const bool first = judgement.is_new() && known->told_new++ == 0;
    log_info(concat(first ? "PASS NEW " : "PASS OLD ", client.name()));
    shared.counters.add(first ? Count::pass_new : Count::pass_old);
  }
  known->passes = judgement.results(shared.setup.enabled);
  shared.cache.record(shared.clients.key(client), known->passes);
}

net::Task<void> Visit::hand_over() {
  conclude();
  leave_queue();
  const TestSet watched = tests_to_watch();
  shared_.load.queued();
  ipc::HandedOver so_far = state(watched);
  std::unique_ptr<Sequel> then = sequel(watched);
  gone_ = true;  // from here on it may be somebody else who speaks
  known_.end_visit();
  auto given = co_await shared_.handover.give(std::move(so_far), fd(), std::move(then));
  shared_.load.taken();
  change_stress();
  if (given) {
    shared_.counters.add(talk_ != nullptr ? Count::handed_over_in_session : Count::handed_over);
    if (!watched.empty()) shared_.counters.add(Count::watched_by_server);
    co_return;
  }
  shared_.counters.add(Count::hand_over_failed);
  if (given.error().kind == Errc::timeout) co_return;
  gone_ = false;
  std::string_view reply = kNoResources;
  if (given.error().kind == Errc::busy) reply = "421 4.3.2 All server ports are busy\r\n";
  co_await turn_away(reply);
}

TestSet Visit::tests_to_watch() const {
  if (talk_ != nullptr) return talk_->dialogue.to_watch();
  return judgement_.open(kDeepTests);
}

ipc::HandedOver Visit::state(TestSet watched) {
  ipc::HandedOver state;
  if (proxied_) {
    state.client_address = client_.text();
    state.client_port = client_.port;
    state.server_address = server_.text();
    state.server_port = server_.port;
  }
  state.pipelining = !watched.has(Test::pipelining);
  state.tests = watched.bits();
  for (const Test test : screening::kAllTests) {
    if (!watched.has(test)) continue;
    const TestSet one{test};
    if (shared_.setup.action(test) == Action::enforce) state.enforced |= one.bits();
    if (shared_.setup.action(test) == Action::drop) state.dropped |= one.bits();
  }
  if (teased_) state.heard = ipc::Heard::teaser;
  if (talk_ == nullptr) return state;
  talk_->stream.flush_now();
  state.heard = ipc::Heard::greeting;
  state.pipelining = talk_->dialogue.pipelining();
  state.said = talk_->dialogue.take_said();
  state.unread = concat(talk_->pending, talk_->stream.buffered());
  return state;
}

std::unique_ptr<Sequel> Visit::sequel(TestSet watched) const {
  if (watched.empty()) return nullptr;
  return std::make_unique<Report>(shared_, Link{client_, server_}, known_.share(), judgement_, watched);
}

// Nobody takes the client. One that waits for the rest of the greeting is told in answer to its first command.
net::Task<void> Visit::turn_away(std::string_view reply) {
  shared_.counters.add(Count::told_to_come_back);
  if (talk_ != nullptr || !teased_) {
    const std::string text = co_await own_reply(reply);
    send_now(text);
    if (talk_ != nullptr) disconnect();
    co_return;
  }
  begin(Phase::after_greeting);
  shared_.load.began();
  counted_ = true;
  change_stress();
  co_await begin_talk(Speech::dummy);
  talk_->stream.put(talk_->dialogue.greeting());
  const Deadline deadline = shared_.loop.in(*shared_.setup.dialogue->params.command_time_limit);
  auto line = co_await talk_->stream.read_line(kLongestFirstLine, deadline);
  if (line) {
    Turn turn = talk_->dialogue.hear(line->text, line->crlf, {});
    const bool leaves = turn.next == Next::hang_up;
    if (!leaves) turn = talk_->dialogue.ends_with(kNoResources);
    send_now(turn.reply);
  }
  disconnect();
}

}  // namespace postern::screen
