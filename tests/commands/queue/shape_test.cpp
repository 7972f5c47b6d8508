#include "commands/queue/shape.h"

#include <doctest/doctest.h>

using namespace postern;
using namespace postern::commands;

namespace {

constexpr std::int64_t kMinute = 60'000'000, kNow = 1000 * kMinute * 60;

ipc::QueuePage page() {
  ipc::QueuePage page;
  const auto add = [&page](std::int64_t age, const char* sender,
                           std::initializer_list<const char*> recipients) {
    auto& message = page.messages.emplace_back();
    message.queue_id = static_cast<std::int64_t>(page.messages.size());
    message.arrived = kNow - age * kMinute;
    message.sender = sender;
    for (const char* address : recipients) {
      auto& recipient = page.recipients.emplace_back();
      recipient.queue_id = message.queue_id;
      recipient.address = address;
    }
  };
  add(0, "a@s.test", {"x@One.test", "y@one.test", "z@two.test"});
  add(5, "", {"x@two.test"});
  add(100000, "b@s.test", {"local"});
  return page;
}

}  // namespace

TEST_CASE("Recipients are counted by domain and age, the most first") {
  Shape shape({}, kNow);
  shape.add(page());
  CHECK(shape.text() ==
        "         T 5 10 20 40 80 160 320 640 1280 1280+\n"
        "   TOTAL 5 3  1  0  0  0   0   0   0    0     1\n"
        "one.test 2 2  0  0  0  0   0   0   0    0     0\n"
        "two.test 2 1  1  0  0  0   0   0   0    0     0\n"
        "  (none) 1 0  0  0  0  0   0   0   0    0     1\n");
}

TEST_CASE("Senders count messages, buckets may be equally wide and rows few") {
  ShapeOptions options;
  options.by = "sender_domain";
  options.buckets = 3;
  options.linear = true;
  options.first = 1;
  Shape shape(options, kNow);
  shape.add(page());
  CHECK(shape.text() == "       T 5 10 10+\n TOTAL 3 1  1   1\ns.test 2 1  0   1\n");
  CHECK(shape.json() ==
        R"({"by": "sender_domain", "minutes": [5, 10], "total": 3, "counts": [1, 1, 1], "rows": )"
        R"([{"sender_domain": "s.test", "total": 2, "counts": [1, 0, 1]}]})"
        "\n");
}
