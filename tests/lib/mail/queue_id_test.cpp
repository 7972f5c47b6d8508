#include "lib/mail/queue_id.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>

using namespace postern;
using mail::QueueId;
using mail::QueueIdSource;

namespace {
constexpr std::int64_t kWall = 1'795'406'706'123'456;  // 2026-11-23T04:05:06.123456Z
}

TEST_CASE("a queue id holds its time and its slot") {
  const auto id = QueueId::make(kWall, 77);
  CHECK(id);
  CHECK(id.wall() == kWall);
  CHECK(id.slot() == 77);
  CHECK(QueueId::make(kWall, 4096 + 5).slot() == 5);
  CHECK_FALSE(QueueId());
  CHECK_FALSE(QueueId(-1));
}

TEST_CASE("times that do not fit give an id all the same") {
  CHECK(QueueId::make(0, 0));
  CHECK(QueueId::make(std::numeric_limits<std::int64_t>::max(), 4095).number() ==
        std::numeric_limits<std::int64_t>::max());
  CHECK(QueueId::make(std::numeric_limits<std::int64_t>::min(), 1));
}

TEST_CASE("the text forms are those that tools know") {
  const auto id = QueueId::make(kWall, 4095);
  const auto brief = id.short_text();
  CHECK(brief.find_first_not_of("0123456789ABCDEF") == std::string::npos);
  CHECK(brief.size() == 15);
  CHECK(brief.ends_with("FFF"));
  const auto text = id.long_text();
  CHECK(text.size() == 14);
  CHECK(text[10] == 'z');
  CHECK(text.find_first_not_of("0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz") == std::string::npos);
  CHECK(text.find('z', 11) == std::string::npos);
  CHECK(QueueId(1).short_text() == "1");
  CHECK(QueueId().short_text() == "");
  CHECK(QueueId().long_text() == "");
}

TEST_CASE("both text forms are read back") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const QueueId id(static_cast<std::int64_t>(random() >> (1 + random() % 62)));
    if (!id) continue;
    CAPTURE(id.number());
    CHECK(mail::parse_queue_id(id.short_text()) == id);
    CHECK(mail::parse_queue_id(id.long_text()) == id);
  }
  const QueueId largest(std::numeric_limits<std::int64_t>::max());
  CHECK(mail::parse_queue_id(largest.short_text()) == largest);
  CHECK(mail::parse_queue_id(largest.long_text()) == largest);
}

TEST_CASE("what is no queue id is refused") {
  for (const std::string_view text :
       {"", "0", "00A1", "a1", "A1 ", "8000000000000000", "FFFFFFFFFFFFFFFF", "10000000000000000", "../etc",
        "000000000z000", "0000000000z000", "zzzzzzzzzzz000", "4mHmZn3gDMz00z", "4mHmZnzzzzz001",
        "4mHmZnaaaaz001", "4mHmZn3gDMzyyy", "-1"}) {
    CAPTURE(text);
    CHECK_FALSE(mail::parse_queue_id(text));
  }
}

TEST_CASE("long ids sort by time as texts") {
  std::string last;
  for (std::int64_t wall = kWall; wall < kWall + 100'000'000'000; wall += 999'999'937) {
    const auto text = QueueId::make(wall, 1).long_text();
    CHECK(text > last);
    last = text;
  }
}

TEST_CASE("a source never repeats an id, whatever the clock does") {
  QueueIdSource source(9);
  QueueId last;
  for (const std::int64_t wall :
       {kWall, kWall, kWall + 1, kWall - 1'000'000, std::int64_t{0}, kWall + 2, kWall + 9}) {
    const auto id = source.next(wall);
    CHECK(id > last);
    CHECK(id.slot() == 9);
    last = id;
  }
  CHECK(last.wall() == kWall + 9);
  QueueIdSource early(1);
  const auto first = early.next(0);
  CHECK(early.next(0) > first);
  QueueIdSource now(1);
  const auto one = now.next();
  CHECK(now.next() > one);
}

TEST_CASE("processes with different slots make different ids at the same time") {
  CHECK(QueueIdSource(1).next(kWall) != QueueIdSource(2).next(kWall));
}
