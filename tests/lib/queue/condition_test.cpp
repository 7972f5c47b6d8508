#include "lib/queue/condition.h"

#include <cstdlib>
#include <ctime>

#include "tests/lib/queue/some_queue.h"

using namespace postern;
using namespace postern::queue;
using namespace std::string_view_literals;

namespace {

std::string error_of(std::string_view text) {
  const auto condition = Condition::parse(text, kNow);
  return condition ? "" : condition.error().text;
}

}  // namespace

TEST_CASE("A condition finds the messages that it describes") {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  SomeQueue queue;
  queue.fill();
  const struct {
    std::string_view condition, ids;
  } table[] = {
      {"", "12345"},
      {"  ", "12345"},
      {"sender = ann@example.org", "1"},
      {"SENDER=\"ann@example.org\"", "1"},
      {"from == <Ann@Example.ORG>", "1"},
      {"sender != ann@example.org", "2345"},
      {"sender = \"\"", "3"},
      {"sender=<>", "3"},
      {"sender = MAILER-DAEMON", "3"},
      {"sender in (<>, \"o'neil@x.org\")", "35"},
      {"sender not in (<>, \"o'neil@x.org\")", "124"},
      {"sender like \"%@x.org\"", "45"},
      {"sender like '%X.ORG'", "45"},
      {"sender like '100\\%@%'", "2"},
      {"sender like '1__\\%@%'", "2"},
      {"sender not like '%x.org'", "123"},
      {"sender glob \"*@*.EXAMPLE.org\"", "2"},
      {"sender glob '[ao]*'", "15"},
      {"sender contains Example", "12"},
      {"sender contains '%'", "2"},
      {"sender contains \"'\"", "5"},
      {"sender_domain = x.org", "45"},
      {"sender_domain = ''", "3"},
      {"sender_domain in (x.org, example.org)", "145"},
      {"recipient = bob@b.test", "2"},
      {"to = bob@a.test or to = kim@c.test", "14"},
      {"recipient != bob@b.test", "1345"},
      {"recipient_domain = b.test", "12"},
      {"recipient_domain = many.test", "5"},
      {"recipient = postmaster and recipient_domain = ''", "3"},
      {"original = alias@example.org", "1"},
      {"reason contains \"timed out\"", "2"},
      {"reason contains '\"later\"'", "4"},
      {"reason = ''", "13"},
      {"reason contains 550", "5"},       // failed, and the sender still to be told
      {"reason contains delivered", ""},  // no longer in the queue for this recipient
      {"dsn glob 4.4.*", "2"},
      {"transport = smtp and nexthop = B.test", "2"},
      {"size > 1k", "235"},
      {"size >= 900 and size < 20000", "13"},
      {"size = 900", "1"},
      {"size in (0, 3M)", "45"},
      {"size >= 3MB", "5"},
      {"size<1G", "12345"},
      {"age > 1h", "234"},
      {"age > 1d", "34"},
      {"age < 1h30m and age >= 10", "1"},
      {"age = 10s", "1"},
      {"age > 2h", "34"},
      {"age <= 2h", "125"},
      {"age > 1w", ""},
      {"arrived = 2026-11-18", "125"},
      {"arrived = today", "125"},
      {"arrived = yesterday", "3"},
      {"arrived < 2026-11-18", "34"},
      {"arrived <= 2026-11-17", "34"},
      {"arrived > 2026-11-17", "125"},
      {"arrived >= 2026-11-18T11:06:40", "5"},
      {"arrived >= \"2026-11-18 11:06\"", "15"},
      {"arrived = 2026-11-18T09:06:40Z", "2"},
      {"arrived >= 1795000000", "5"},
      {"arrived < now", "1234"},
      {"due > now", "25"},
      {"due < now", "4"},
      {"not due < now", "1235"},
      {"due = today", "245"},
      {"next < 1m", "45"},
      {"next > 1m", "2"},
      {"attempts > 1", "24"},
      {"attempts in (1, 9)", "45"},
      {"attempts != 0", "245"},
      {"state = active", "1"},
      {"state != active", "2345"},
      {"state in (deferred, HOLD)", "2345"},
      {"queue_name = hold", "3"},
      {"id = 2", "2"},
      {"id > 2 and id <= 4", "34"},
      {"queue_id in (1, 5)", "15"},
      {"recipients > 1", "125"},
      {"recipients = 19", "5"},
      {"message_id = one@example.org", "1"},
      {"message_id = <one@example.org>", "1"},
      {"subject contains greet", "1"},
      {"client_name like '%.example.org' and client_address glob 192.0.2.*", "1"},
      {"helo = mail.example.org and protocol = esmtp", "1"},
      {"sasl_username = kim", "2"},
      {"source = submitted", "5"},
      {"forced_expire = yes", "3"},
      {"warned=yes or smtputf8 = yes", "4"},
      {"not state = active", "2345"},
      {"not(state=active)", "2345"},
      {"not not state = active", "1"},
      {"(size > 1k) and (not (age > 1d))", "25"},
      {"sender like '%x.org' or age > 1h and size > 10k", "245"},
      {"(sender like '%x.org' or age > 1h) and size > 10k", "25"},
      {"sender like \"%@x.org\" and age > 1h and not (recipient = \"a@b\" or reason contains \"timeout\")",
       "4"},
      // Different fields of one recipient, the same field of two.
      {"recipient_domain = a.test and reason contains timed", ""},
      {"recipient_domain = b.test and age > 1h and reason contains timed", "2"},
      {"recipient = bob@b.test and recipient = eve@a.test", "2"},
      {"recipient = bob@b.test and recipient = eve@a.test and reason = nothing", ""},
      {"(recipient_domain = a.test or recipient_domain = b.test) and dsn = 4.2.2", "2"},
      {"(recipient_domain = b.test or recipient_domain = c.test) and dsn = 4.2.2", ""},
      {"recipient_domain = a.test and (reason contains timed or age > 1h)", "2"},
      {"recipient_domain = a.test and not reason contains timed", "1"},
      // What would be SQL elsewhere.
      {"sender = \"x' OR '1'='1\"", ""},
      {"sender = \"'; DELETE FROM message; --\"", ""},
      {"recipient in (\"1) OR (1=1\", '?')", ""},
  };
  PageLimits limits;
  for (const auto& row : table) {
    CAPTURE(row.condition);
    const auto condition = Condition::parse(row.condition, kNow);
    if (!condition) FAIL_CHECK(condition.error().text);
    if (!condition) continue;
    const auto found = list_ids(queue.database(), *condition, 0, limits);
    if (!found) FAIL_CHECK(found.error().text);
    if (!found) continue;
    std::string ids;
    for (const auto id : found->ids) ids += std::to_string(id);
    CHECK(ids == row.ids);
  }
}

TEST_CASE("A condition that is none says what was expected, and where") {
  const struct {
    std::string_view condition, error;
  } table[] = {
      {"sendr = x", "no field is called \"sendr\": did you mean sender? at \"sendr = x\" in \"sendr = x\""},
      {"sender",
       "expected an operator (= != < <= > >= like glob contains in) behind sender at the end of \"sender\""},
      {"sender =", "expected a value at the end of \"sender =\""},
      {"sender = \"x", "missing quote at \"\"x\" in \"sender = \"x\""},
      {"= x", "expected FIELD OPERATOR VALUE at \"= x\" in \"= x\""},
      {"(sender = x", "missing \")\" at the end of \"(sender = x\""},
      {"sender = x)", "expected \"and\", \"or\" or the end at \")\" in \"sender = x)\""},
      {"sender = x sender = y",
       "expected \"and\", \"or\" or the end at \"sender = y\" in \"sender = x sender = y\""},
      {"sender = x and", "expected FIELD OPERATOR VALUE at the end of \"sender = x and\""},
      {"sender in x", "expected \"(\" behind in at \"x\" in \"sender in x\""},
      {"sender in (x, y", "missing \")\" at the end of \"sender in (x, y\""},
      {"sender in ()", "expected a value at \")\" in \"sender in ()\""},
      {"sender is x",
       "expected an operator (= != < <= > >= like glob contains in) behind sender at \"is x\" in \"sender is "
       "x\""},
      {"size > big", "size is compared with a size such as 10k or 1M at \"size > big\" in \"size > big\""},
      {"size like 1", "size is compared with = != < <= > >= and in at \"size like 1\" in \"size like 1\""},
      {"age > 1y", "age is compared with a time such as 90s, 1h30m or 2d at \"age > 1y\" in \"age > 1y\""},
      {"age > 1h2", "age is compared with a time such as 90s, 1h30m or 2d at \"age > 1h2\" in \"age > 1h2\""},
      {"age > 99999999999w",
       "age is compared with a time such as 90s, 1h30m or 2d at \"age > 99999999999w\" in \"age > "
       "99999999999w\""},
      {"arrived > 2026-13-01",
       "arrived is compared with a date such as 2026-11-23, 2026-11-23T04:05 or today at \"arrived > "
       "2026-13-01\" in \"arrived > 2026-13-01\""},
      {"arrived > 2026-11-23T25:00",
       "arrived is compared with a date such as 2026-11-23, 2026-11-23T04:05 or today at \"arrived > "
       "2026-11-23T25:00\" in \"arrived > 2026-11-23T25:00\""},
      {"attempts > -1", "attempts is compared with a number at \"attempts > -1\" in \"attempts > -1\""},
      {"id = xyz", "id is compared with a queue id at \"id = xyz\" in \"id = xyz\""},
      {"state = dead", "state is one of active deferred hold at \"state = dead\" in \"state = dead\""},
      {"state > active", "state is compared with = != and in at \"state > active\" in \"state > active\""},
  };
  for (const auto& row : table) CHECK(error_of(row.condition) == row.error);
  CHECK(error_of("sender = \"a\0b\""sv).starts_with("a value holds no NUL"));
}

TEST_CASE("A condition is bounded in length, depth and terms") {
  SomeQueue queue;
  queue.fill();
  const auto repeated = [](std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
  };
  CHECK(error_of("sender = " + std::string(kLongestCondition, 'x')) == "the condition is too long");
  CHECK(error_of(repeated("(", 60) + "id=1" + repeated(")", 60)) == "the condition has too many parentheses");
  CHECK(error_of(repeated("not ", 60) + "id=1") == "the condition has too many parentheses");
  CHECK(error_of(repeated("id=1 or ", 200) + "id=1") == "the condition has too many terms");
  // What is within the bounds is within those of SQLite.
  const auto nested = [&](std::string_view level, std::string_view inner, std::string_view end,
                          std::size_t depth) {
    return repeated(level, depth) + std::string(inner) + repeated(end, depth);
  };
  for (const std::string& text :
       {nested("(", "id=1", ")", 11), nested("not ", "id=1", "", 11), nested("not (id=2 or ", "id=1", ")", 5),
        nested("(id=2 or id=1 and ", "id=1", ")", 11), nested("(dsn=x or reason=y and ", "to=z", ")", 11),
        nested("not (dsn=x or due<1 and reason=y and ", "to in (a, b)", ")", 5),
        repeated("dsn='' or ", 190) + "id=1", repeated("due<1 and ", 190) + "id=1"}) {
    CAPTURE(text);
    const auto condition = Condition::parse(text, kNow);
    if (!condition) FAIL(condition.error().text);
    CHECK(list_ids(queue.database(), *condition, 0, {}));
  }
}
