// What is delivered when: fairness, windows, dead destinations, delays, slices.
#include "tests/queue/qmgr/rig.h"

using namespace postern;
using namespace postern::qmgr;

namespace {

// A list: recipients of one destination, or each of its own.
Message list(std::int64_t id, int recipients, bool own_domains) {
  Message message = letter(id, recipients);
  if (!own_domains) return message;
  for (int i = 0; i < recipients; ++i) {
    message.recipients[static_cast<std::size_t>(i)].address = concat("user", i, "@d", i, ".example");
  }
  return message;
}

std::size_t place_of(const FakeAgent& agent, std::int64_t id) {
  const auto place = std::find(agent.ids.begin(), agent.ids.end(), id);
  return static_cast<std::size_t>(place - agent.ids.begin());
}

std::size_t requests_of(const FakeAgent& agent, std::int64_t id) {
  return static_cast<std::size_t>(std::count(agent.ids.begin(), agent.ids.end(), id));
}

}  // namespace

TEST_CASE("A single letter does not wait for a long list, of one destination or of many") {
  for (const bool own_domains : {false, true}) {
    CAPTURE(own_domains);
    Rig q;
    q.transport.recipients = 2;
    q.transport.at_once = 4;
    q.transport.window.limit = q.transport.window.initial = 4;
    q.start();
    q.enqueue(list(1, 900, own_domains));
    wait_for(q.loop, [&] { return q.agent->ids.size() >= 8; });
    const std::size_t begun = q.agent->ids.size();
    q.enqueue(letter(2));
    wait_for(q.loop, [&] { return place_of(*q.agent, 2) < q.agent->ids.size(); });
    CHECK(place_of(*q.agent, 2) <= begun + 10);
    CHECK(requests_of(*q.agent, 1) < 60);
    wait_for(q.loop, [&] { return q.queued == 0; });
    CHECK(q.agent->asked.size() == 901);
  }
}

TEST_CASE("Lists that came first with all destinations do not keep a letter out of one of them") {
  Rig q;
  q.transport.at_once = 4;
  q.transport.window.limit = q.transport.window.initial = 1;
  q.start();
  for (int id = 1; id <= 5; ++id) {
    Message many = list(id, 300, true);
    many.recipients.back().address = "last@example.com";
    q.enqueue(std::move(many));
  }
  wait_for(q.loop, [&] { return q.agent->ids.size() >= 4; });
  q.enqueue(letter(6));  // to example.com
  wait_for(q.loop, [&] { return place_of(*q.agent, 6) < q.agent->ids.size(); });
  CHECK(q.agent->ids.size() < 60);
  wait_for(q.loop, [&] { return q.queued == 0; });
}

TEST_CASE("A destination that is slow does not hold up others") {
  Rig q;
  q.transport.at_once = 8;
  q.transport.window.limit = q.transport.window.initial = 4;
  q.start();
  q.agent->hold();
  for (int i = 1; i <= 30; ++i) q.enqueue(letter(i));
  wait_for(q.loop, [&] { return q.agent->at_once == 4; });
  Message other = letter(100);
  other.recipients[0].address = "user@other.example";
  q.enqueue(std::move(other));
  wait_for(q.loop, [&] { return q.agent->was_asked("user@other.example"); });
  CHECK(q.agent->at_once == 5);
  q.agent->let_go();
  wait_for(q.loop, [&] { return q.queued == 0; });
}

TEST_CASE("A destination whose sessions fail is dead: what is for it is deferred untried, others go on") {
  Rig q;
  q.limits.least_backoff = q.limits.most_backoff = seconds(300);  // no second attempt meanwhile
  q.transport.window.initial = q.transport.window.limit = 2;
  q.start();
  q.agent->site_fails("example.com");
  for (int i = 1; i <= 20; ++i) q.enqueue(letter(i));
  q.idle();
  CHECK(q.agent->ids.size() < 5);
  CHECK(q.queued == 20);
  const std::size_t before = q.agent->ids.size();
  Message other = letter(50);
  other.recipients[0].address = "user@other.example";
  q.enqueue(std::move(other));
  q.enqueue(letter(51));
  wait_for(q.loop, [&] { return q.queued == 21 && q.scheduler->active() == 0; });
  CHECK(q.agent->ids.size() == before + 1);

  // A flush tries it again at once.
  q.agent->site_fails("example.com", false);
  q.scheduler->flush("");
  wait_for(q.loop, [&] { return q.queued == 0; });
  CHECK(requests_of(*q.agent, 51) == 1);
}

TEST_CASE("A dead destination is tried again when its time has passed") {
  Rig q;
  q.limits.least_backoff = milliseconds(50);
  q.transport.window.initial = q.transport.window.limit = 1;
  q.start();
  q.agent->site_fails("example.com");
  q.enqueue(letter(1));
  wait_for(q.loop, [&] { return q.agent->ids.size() >= 3; });
  q.agent->site_fails("example.com", false);
  wait_for(q.loop, [&] { return q.queued == 0; });
}

TEST_CASE("A transport without agents rests, and mail for it is deferred") {
  Rig q;
  q.limits.least_backoff = q.limits.most_backoff = std::chrono::hours(1);
  std::filesystem::remove("private/fake");
  q.start();
  for (int i = 1; i <= 3; ++i) q.enqueue(letter(i));
  q.idle();
  CHECK(q.queued == 3);
  q.agent.emplace(q.loop, "private/fake");
  q.enqueue(letter(4));
  q.idle();
  CHECK(q.agent->ids.empty());  // not before transport_retry_time
  q.scheduler->flush("");
  wait_for(q.loop, [&] { return q.queued == 0; });
}

TEST_CASE("A transport that delivers only when asked to does so after a flush, of a site or of all") {
  Rig q;
  q.limits.least_backoff = q.limits.most_backoff = std::chrono::hours(1);
  q.transport.deferred = true;
  q.start();
  q.enqueue(letter(1));
  Message other = letter(2);
  other.recipients[0].address = "user@Other.example";
  q.enqueue(std::move(other));
  q.idle();
  CHECK(q.agent->ids.empty());
  q.scheduler->flush("OTHER.example");
  wait_for(q.loop, [&] { return q.queued == 1; });
  CHECK(q.agent->ids == std::vector<std::int64_t>{2});
  q.scheduler->flush("");
  wait_for(q.loop, [&] { return q.queued == 0; });
}

TEST_CASE("Deliveries to one destination, or of one transport, keep their distance") {
  for (const bool of_transport : {false, true}) {
    CAPTURE(of_transport);
    Rig q;
    (of_transport ? q.transport.transport_delay : q.transport.destination_delay) = milliseconds(40);
    q.transport.window.limit = 1;
    q.start();
    const Instant begun = q.loop.now();
    for (int i = 1; i <= 4; ++i) q.enqueue(letter(i));
    wait_for(q.loop, [&] { return q.queued == 0; });
    CHECK(q.loop.now() - begun >= milliseconds(120));
    CHECK(q.agent->most_at_once == 1);
  }
}

TEST_CASE("A list is read in slices: each recipient once, and memory holds a part") {
  Rig q;
  q.with_bounce();
  q.limits.recipients = 3000;
  q.transport.recipients = 50;
  q.agent->answers("user4000@example.com", DeliveryStatus::bounced);
  q.agent->answers("user7@example.com", DeliveryStatus::bounced);
  q.start();
  q.enqueue(letter(1, 5000));
  std::size_t most = 0;
  wait_for(q.loop, [&] {
    most = std::max(most, q.scheduler->recipients());
    return q.queued == 0;
  });
  CHECK(most <= 3000);
  CHECK(q.agent->asked.size() == 5000);
  CHECK(std::set<std::string>(q.agent->asked.begin(), q.agent->asked.end()).size() == 5000);
  REQUIRE(q.bounce->asked.size() == 1);  // one notification for all
  CHECK(q.bounce->asked[0].recipients.size() == 2);
}

TEST_CASE("Of a list that was deferred only what waits is tried again; it expires as a whole") {
  Rig q;
  q.with_bounce();
  q.agent->answers("user3@example.com", DeliveryStatus::deferred);
  q.agent->answers("user2500@example.com", DeliveryStatus::deferred);
  q.start();
  q.enqueue(letter(1, 3000));
  wait_for(q.loop, [&] { return q.agent->asked.size() >= 3004; });
  for (std::size_t i = 3000; i < 3004; ++i) {
    CAPTURE(q.agent->asked[i]);
    const bool waits =
        q.agent->asked[i] == "user3@example.com" || q.agent->asked[i] == "user2500@example.com";
    CHECK(waits);
  }
  q.change(ipc::QueueAction::expire, {1});
  wait_for(q.loop, [&] { return q.queued == 0; });
  REQUIRE(q.bounce->asked.size() == 1);
  CHECK(q.bounce->asked[0].recipients.size() == 2);
}

TEST_CASE("A filter takes the place of the route") {
  Rig q;
  q.start();
  struct Row {
    const char* filter;
    const char* nexthop;
  };
  const Row rows[] = {
      {"fake:[127.0.0.1]:10025", "[127.0.0.1]:10025"}, {"fake:", "example.com"}, {"fake", "example.com"}};
  std::int64_t id = 0;
  for (const Row& row : rows) {
    CAPTURE(row.filter);
    Message message = letter(++id);
    message.filter = row.filter;
    q.enqueue(std::move(message));
    wait_for(q.loop, [&] { return q.queued == 0; });
    CHECK(q.agent->nexthops.back() == row.nexthop);
  }
}

TEST_CASE("New mail finds a place while much is due") {
  Rig q;
  q.limits.active_messages = 8;
  q.transport.window.limit = q.transport.window.initial = 1;
  q.start();
  q.agent->hold();
  for (int i = 1; i <= 40; ++i) {
    Message message = letter(i);
    message.due = 1;
    auto shared = std::make_shared<Message>(std::move(message));
    REQUIRE(finish(q.loop, q.store->insert(shared, {})));
    q.scheduler->stored(shared);
  }
  wait_for(q.loop, [&] { return q.scheduler->active() == 6; });
  Message other = letter(100);
  other.recipients[0].address = "user@other.example";
  q.enqueue(std::move(other));
  wait_for(q.loop, [&] { return q.agent->was_asked("user@other.example"); });
  q.agent->let_go();
  wait_for(q.loop, [&] { return q.queued == 0; });
}
