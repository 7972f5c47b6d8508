// Destinations that answer late, and the places that they do not take from others.
#include "queue/qmgr/pace.h"

#include "tests/queue/qmgr/rig.h"

using namespace postern;
using namespace postern::qmgr;

namespace {

constexpr int kTarpits = 30;

Message letter_to(std::int64_t id, const std::string& domain) {
  Message message = letter(id);
  message.recipients[0].address = "user@" + domain;
  return message;
}

// Two places, no matter for how long, and some more for deliveries that last.
struct PaceRig : Rig {
  PaceRig(Duration patience, int slow_at_once, Duration least_patience = seconds(1)) {
    limits.active_messages = 1000;
    transport.at_once = 2;
    transport.patience = patience;
    transport.slow_at_once = slow_at_once;
    transport.least_patience = least_patience;
    start();
    agent->hold_sites("tarpit");
  }
  void send_to_tarpits(std::int64_t first_id, int letters = kTarpits) {
    for (int i = 0; i < letters; ++i) enqueue(letter_to(first_id + i, concat("tarpit", i, ".example")));
  }
  void deliver_to(std::int64_t id, const std::string& domain) {
    enqueue(letter_to(id, domain));
    const std::int64_t before = queued;
    wait_for(loop, [&] { return queued == before - 1; });
  }
  void end() {
    agent->let_go();
    wait_for(loop, [&] { return queued == 0; });
  }
};

constexpr Duration kForEver = std::chrono::hours(1);

}  // namespace

TEST_CASE("A destination that is known to be brisk does not wait for those that are not known") {
  PaceRig q(kForEver, 100);
  q.deliver_to(1, "brisk.example");
  q.send_to_tarpits(100);
  wait_for(q.loop, [&] { return q.agent->at_once == 2; });
  for (int i = 2; i < 20; ++i) q.deliver_to(i, "brisk.example");
  CHECK(q.agent->at_once == 2);
  q.end();
}

TEST_CASE("Deliveries that last give their places to others, even to those that nobody knows") {
  PaceRig q(milliseconds(5), 100);
  q.send_to_tarpits(100);
  q.deliver_to(1, "other.example");
  wait_for(q.loop, [&] { return q.agent->at_once == kTarpits; });
  q.end();
}

TEST_CASE("The more wait for a place, the sooner a delivery that lasts gives it to them") {
  PaceRig q(seconds(60), 100, milliseconds(1));
  q.send_to_tarpits(100, 300);
  const Instant begun = q.loop.now();
  wait_for(q.loop, [&] { return q.agent->at_once >= 4; });
  CHECK(q.loop.now() - begun < seconds(30));
  q.end();
}

TEST_CASE("There are not more deliveries that last than the limit allows") {
  PaceRig q(milliseconds(200), 7);
  q.deliver_to(1, "brisk.example");
  q.send_to_tarpits(100);
  wait_for(q.loop, [&] { return q.agent->at_once == 7 + 2; });
  for (int i = 2; i < 20; ++i) q.deliver_to(i, "brisk.example");
  CHECK(q.agent->most_at_once <= 7 + 2 + 1);
  q.end();
}

TEST_CASE("A destination that is known to be slow takes no place of others") {
  PaceRig q(milliseconds(5), 4);
  q.send_to_tarpits(100, 6);
  wait_for(q.loop, [&] { return q.agent->at_once == 6; });
  const Instant all_wait = q.loop.now();
  wait_for(q.loop, [&] { return q.loop.now() - all_wait > milliseconds(5); });
  q.end();
  q.agent->hold_sites("tarpit");
  q.send_to_tarpits(200, 6);
  wait_for(q.loop, [&] { return q.agent->at_once == 4; });
  for (int i = 2; i < 20; ++i) q.deliver_to(i, concat("other", i, ".example"));
  CHECK(q.agent->at_once == 4);
  q.end();
}

TEST_CASE("Where nothing may last, all deliveries count alike") {
  PaceRig q(milliseconds(0), 0);
  q.deliver_to(1, "brisk.example");
  q.send_to_tarpits(100);
  wait_for(q.loop, [&] { return q.agent->at_once == 2; });
  q.enqueue(letter_to(2, "brisk.example"));
  CHECK(q.agent->most_at_once == 2);
  q.end();
}

TEST_CASE("What is remembered of destinations is bounded, and what came last is known") {
  Paces paces;
  paces.remember("a", Pace::slow);
  CHECK(paces.of("a") == Pace::slow);
  paces.remember("a", Pace::brisk);
  CHECK(paces.of("a") == Pace::brisk);
  paces.remember("a", Pace::fresh);
  CHECK(paces.of("a") == Pace::brisk);
  for (int i = 0; i < 100'000; ++i) paces.remember(concat("slow", i), Pace::slow);
  CHECK(paces.of("slow99999") == Pace::slow);
  CHECK(paces.of("slow1") == Pace::fresh);
  CHECK(paces.of("a") == Pace::brisk);
}
