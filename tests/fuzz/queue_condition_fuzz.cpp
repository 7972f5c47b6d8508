// Any bytes as a condition on the queue: either they are refused with a reason, or SQLite takes what becomes of them, with
// as many values as it has places for; and of each message the condition or its opposite is true.
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "lib/queue/listing.h"

namespace {

using namespace postern;
using namespace postern::queue;

constexpr std::int64_t kNow = 1'795'000'000'000'000;

void require(bool holds) {
  if (!holds) std::abort();
}

std::unique_ptr<Database> database() {
  auto opened = Database::open(":memory:");
  require(opened.has_value());
  Message m;
  m.id = 1;
  m.sender = "ann@x.org";
  Recipient r;
  r.number = 1;
  r.address = "bob@y.org";
  m.recipients.push_back(r);
  require((*opened)->insert(m).has_value());
  m.id = 2;
  m.due = kNow + 1;
  r.number = 2;
  m.recipients.push_back(r);
  require((*opened)->insert(m).has_value());
  return std::move(*opened);
}

std::size_t count(const Condition& condition) {
  static const auto queue = database();
  require(std::size_t(sqlite3_limit(queue->handle(), SQLITE_LIMIT_VARIABLE_NUMBER, -1)) >
          condition.values().size());
  const auto found = list_ids(*queue, condition, 0, {});
  require(found.has_value());
  return found->ids.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto condition = Condition::parse(text, kNow);
  if (!condition) {
    require(!condition.error().text.empty() && condition.error().text.size() < 2000);
    return 0;
  }
  const std::size_t fits = count(*condition);
  const auto opposite = Condition::parse("not (" + text + ")", kNow);
  if (opposite) require(count(*opposite) + fits == 2);
  return 0;
}
