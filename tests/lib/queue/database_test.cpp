#include "lib/queue/database.h"

#include <fstream>
#include <thread>

#include "tests/queue/qmgr/fixture.h"

using namespace postern;
using namespace postern::qmgr;

namespace {

std::unique_ptr<Database> open(const Directory& directory) {
  auto database = Database::open(directory.database());
  if (!database) FAIL(database.error().text);
  return std::move(*database);
}

void insert(Database& database, const Message& message) {
  REQUIRE(database.begin(Database::Sync::durable));
  REQUIRE(database.insert(message));
  REQUIRE(database.commit());
}

void apply(Database& database, const Change& change) {
  REQUIRE(database.begin(Database::Sync::later));
  REQUIRE(database.apply(change));
  REQUIRE(database.commit());
}

std::vector<MessagePtr> take(Database& database, std::int64_t now) {
  auto due = database.take_due(now, 100);
  REQUIRE(due);
  return std::move(*due);
}

}  // namespace

TEST_CASE("What is inserted is there with all its parts after the process has ended") {
  Directory directory;
  Message message = letter(7, 2);
  message.sender = "";
  message.body_type = "8BITMIME";
  message.smtputf8 = true;
  message.envid = "QQ314159";
  message.ret = "HDRS";
  message.content = std::string("a\0b\n", 4);
  message.recipients[1].notify = "NEVER";
  message.recipients[1].orcpt = "rfc822;x@y";
  insert(*open(directory), message);

  auto database = open(directory);
  const auto due = take(*database, 1);
  REQUIRE(due.size() == 1);
  const Message& m = *due.front();
  CHECK(m.id == 7);
  CHECK(m.arrived == message.arrived);
  CHECK(m.size == message.size);
  CHECK(m.sender.empty());
  CHECK(m.body_type == "8BITMIME");
  CHECK(m.smtputf8);
  CHECK(m.envid == "QQ314159");
  CHECK(m.ret == "HDRS");
  REQUIRE(m.recipients.size() == 2);
  CHECK(m.recipients[1].address == "user2@example.com");
  CHECK(m.recipients[1].notify == "NEVER");
  CHECK(m.recipients[1].orcpt == "rfc822;x@y");
  CHECK_FALSE(m.has_content);
  CHECK(database->content(7).value() == message.content);
}

TEST_CASE("A queue id is taken once") {
  Directory directory;
  auto database = open(directory);
  insert(*database, letter(7));
  REQUIRE(database->begin(Database::Sync::durable));
  auto again = database->insert(letter(7));
  REQUIRE_FALSE(again);
  CHECK(again.error().kind == Errc::exists);
  CHECK(database->in_transaction());
  CHECK(database->insert(letter(8)));
  CHECK(database->commit());
  CHECK(database->count().value() == 2);
}

TEST_CASE("A message goes when all its recipients have a result") {
  Directory directory;
  auto database = open(directory);
  insert(*database, letter(7, 3));
  Change change;
  change.message = 7;
  change.finished = true;
  apply(*database, change);
  CHECK(database->count().value() == 0);
  database.reset();
  CHECK(take(*open(directory), 1).empty());
}

TEST_CASE("Settled recipients go, the others keep their reason and their time") {
  Directory directory;
  auto database = open(directory);
  insert(*database, letter(7, 3));
  Change change;
  change.message = 7;
  change.settled = {1, 3};
  Recipient remaining = letter(7, 2).recipients[1];
  remaining.dsn = "4.2.2";
  remaining.reason = "mailbox full";
  change.remaining = {remaining};
  change.due = 500;
  change.attempts = 4;
  apply(*database, change);
  CHECK(take(*database, 499).empty());
  CHECK(database->next_due().value() == 500);
  const auto due = take(*database, 500);
  REQUIRE(due.size() == 1);
  CHECK(due.front()->attempts == 4);
  REQUIRE(due.front()->recipients.size() == 1);
  CHECK(due.front()->recipients.front().number == 2);
  CHECK(due.front()->recipients.front().reason == "mailbox full");
}

TEST_CASE("A message that was taken up is not due again, until a restart") {
  Directory directory;
  {
    auto database = open(directory);
    Message message = letter(7);
    message.due = 100;
    insert(*database, message);
    CHECK(take(*database, 200).size() == 1);
    CHECK(take(*database, 200).empty());
    CHECK(database->next_due().value() == 0);
  }
  CHECK(take(*open(directory), 1).size() == 1);
}

TEST_CASE("The earliest due come first, within the limit") {
  Directory directory;
  auto database = open(directory);
  for (const int due : {300, 100, 200}) {
    Message message = letter(due);
    message.due = due;
    insert(*database, message);
  }
  auto first = database->take_due(1000, 2);
  REQUIRE(first);
  REQUIRE(first->size() == 2);
  CHECK((*first)[0]->id == 100);
  CHECK((*first)[1]->id == 200);
  CHECK(database->next_due().value() == 300);
}

TEST_CASE("What is not committed leaves nothing") {
  Directory directory;
  {
    auto database = open(directory);
    REQUIRE(database->begin(Database::Sync::durable));
    REQUIRE(database->insert(letter(7)));
  }
  CHECK(open(directory)->count().value() == 0);
}

TEST_CASE("A file that is no queue database is refused by name") {
  Directory directory;
  std::ofstream(directory.database()) << "From ann Mon Jan 1 00:00:00 2026\nSubject: not a database\n"
                                      << std::string(5000, 'x');
  auto database = Database::open(directory.database());
  REQUIRE_FALSE(database);
  CHECK(database.error().text.find(directory.database()) != std::string::npos);
}

TEST_CASE("A queue has one owner") {
  Directory directory;
  auto first = open(directory);
  insert(*first, letter(7));
  CHECK(Database::open(directory.database(), milliseconds(0)).error().kind == Errc::busy);
}

TEST_CASE("The next owner waits for the one that is ending") {
  Directory directory;
  auto first = open(directory);
  insert(*first, letter(7));
  std::thread ending([&first] {
    ::usleep(20000);
    first.reset();
  });
  auto second = Database::open(directory.database());
  ending.join();
  REQUIRE(second);
  CHECK((*second)->count().value() == 1);
}

TEST_CASE("Room is asked for before anything is written") {
  Directory directory;
  auto database = open(directory);
  auto room = database->check_room(1000, std::int64_t{1} << 60);
  REQUIRE_FALSE(room);
  CHECK(room.error().kind == Errc::full);
  CHECK(database->check_room(1000, 0));
}

TEST_CASE("A settlement is recorded with the message that brings it, and says when nothing was left") {
  using How = queue::Settlement::How;
  struct Row {
    How how;
    RecipientState state;  // of the recipient
    const char* notify;
    bool settled;
    std::size_t left;  // recipients
  };
  const Row rows[] = {{How::failure, RecipientState::failed, "", true, 1},
                      {How::failure, RecipientState::pending, "", false, 2},
                      {How::failure, RecipientState::succeeded, "", false, 2},
                      {How::success, RecipientState::succeeded, "SUCCESS", true, 1},
                      {How::success, RecipientState::failed, "SUCCESS", false, 2},
                      {How::forwarded, RecipientState::pending, "", true, 1},
                      {How::forwarded, RecipientState::pending, "success,failure", true, 2},  // told later
                      {How::forwarded, RecipientState::failed, "", false, 2},
                      {How::forwarded, RecipientState::succeeded, "SUCCESS", false, 2}};
  Directory directory;
  auto database = open(directory);
  std::int64_t id = 0;
  for (const Row& row : rows) {
    CAPTURE(static_cast<int>(row.how));
    CAPTURE(static_cast<int>(row.state));
    Message message = letter(++id, 2);
    message.due = wall_micros() + 1'000'000;
    message.recipients[0].state = row.state;
    message.recipients[0].notify = row.notify;
    insert(*database, message);
    queue::Settlement settlement;
    settlement.how = row.how;
    settlement.message = id;
    settlement.recipients = {1, 99};
    CHECK(database->settle(settlement).value() == row.settled);
    CHECK(database->settle(settlement).value() == false);
    CHECK(database->recipients(id, 0, 10).value().size() == row.left);
  }
}

TEST_CASE("A warning is settled once; a message of which nothing is left is due at once") {
  Directory directory;
  auto database = open(directory);
  Message message = letter(1, 1);
  message.due = wall_micros() + 1'000'000'000;
  insert(*database, message);
  queue::Settlement settlement;
  settlement.message = 1;
  CHECK(database->settle(settlement).value());  // nothing to settle
  settlement.how = queue::Settlement::How::delay;
  CHECK(database->settle(settlement).value());
  CHECK_FALSE(database->settle(settlement).value());
  CHECK(database->next_due().value() == message.due);
  settlement.how = queue::Settlement::How::forwarded;
  settlement.recipients = {1};
  CHECK(database->settle(settlement).value());
  const auto due = take(*database, wall_micros());
  REQUIRE(due.size() == 1);
  CHECK(due[0]->recipients.empty());
  CHECK(due[0]->warned);
  settlement.message = 2;
  CHECK_FALSE(database->settle(settlement).value());  // there is no such message
}

TEST_CASE("Leased messages stay active when the database is opened again, until the lease ends") {
  Directory directory;
  for (std::int64_t id = 1; id <= 3; ++id) insert(*open(directory), letter(id));
  auto database = open(directory);
  CHECK(take(*database, 1).size() == 3);
  REQUIRE(database->lease({1, 2}, 77));
  database.reset();
  database = open(directory);
  CHECK(database->holders().value() == std::vector<std::int64_t>{77});
  auto due = take(*database, 1);
  REQUIRE(due.size() == 1);
  CHECK(due[0]->id == 3);
  CHECK_FALSE(database->end_lease(1, 78).value());
  CHECK(database->end_lease(1, 77).value());
  CHECK_FALSE(database->end_lease(1, 77).value());
  CHECK(take(*database, 1).empty());  // whoever ends it says when it is due
  CHECK(database->end_leases(77).value());
  due = take(*database, 1);
  REQUIRE(due.size() == 1);
  CHECK(due[0]->id == 2);
  CHECK(database->holders().value().empty());
}

TEST_CASE("Recipients come in parts, with the number of all") {
  Directory directory;
  auto database = open(directory);
  insert(*database, letter(1, 25));
  Change change;
  change.message = 1;
  change.due = 5;
  apply(*database, change);
  auto due = database->take_due(10, 10, 10);
  REQUIRE(due);
  REQUIRE(due->size() == 1);
  const Message& m = *due->front();
  CHECK(m.recipients.size() == 10);
  CHECK(m.count == 25);
  CHECK(m.more);
  CHECK(database->recipients(1, 10, 10).value().front().number == 11);
  CHECK(database->recipients(1, 20, 10).value().size() == 5);
}

TEST_CASE("A queue of the first format is brought up to this one") {
  Directory directory;
  sqlite3* old = nullptr;
  REQUIRE(sqlite3_open(directory.database().c_str(), &old) == SQLITE_OK);
  const char* first = R"(
    CREATE TABLE message (id INTEGER PRIMARY KEY, arrived INTEGER NOT NULL, size INTEGER NOT NULL, due INTEGER,
      attempts INTEGER NOT NULL, spooled INTEGER NOT NULL, smtputf8 INTEGER NOT NULL, sender TEXT NOT NULL,
      body_type TEXT NOT NULL, envid TEXT NOT NULL, ret TEXT NOT NULL, content BLOB NOT NULL) STRICT;
    CREATE TABLE recipient (message INTEGER NOT NULL, number INTEGER NOT NULL, state INTEGER NOT NULL,
      address TEXT NOT NULL, original TEXT NOT NULL, notify TEXT NOT NULL, orcpt TEXT NOT NULL, dsn TEXT NOT NULL,
      reason TEXT NOT NULL, PRIMARY KEY (message, number)) STRICT, WITHOUT ROWID;
    CREATE INDEX message_due ON message (due) WHERE due IS NOT NULL;
    CREATE INDEX message_spooled ON message (id) WHERE spooled = 1;
    INSERT INTO message VALUES (5, 1000, 9, NULL, 2, 0, 1, 'a@x', '8BITMIME', 'E', 'HDRS', x'410A');
    INSERT INTO message VALUES (6, 2000, 9, 77, 0, 1, 0, '', '', '', '', x'');
    INSERT INTO recipient VALUES (5, 1, 0, 'b@y', 'B@y', 'NEVER', 'rfc822;b', '4.4.1', 'no route');
    INSERT INTO recipient VALUES (6, 1, 1, 'c@y', 'c@y', '', '', '5.1.1', 'unknown');
    PRAGMA user_version = 1;)";
  REQUIRE(sqlite3_exec(old, first, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(old);

  auto database = open(directory);
  CHECK(database->count().value() == 2);
  CHECK(database->spooled().value() == std::vector<std::int64_t>{6});
  const auto due = take(*database, 100);
  REQUIRE(due.size() == 2);
  const Message& m = *due[0];
  CHECK(m.id == 5);
  CHECK(m.arrived == 1000);
  CHECK(m.attempts == 2);
  CHECK(m.smtputf8);
  CHECK(m.sender == "a@x");
  CHECK(m.envid == "E");
  CHECK(m.ret == "HDRS");
  REQUIRE(m.recipients.size() == 1);
  CHECK(m.recipients[0].original == "B@y");
  CHECK(m.recipients[0].notify == "NEVER");
  CHECK(m.recipients[0].reason == "no route");
  CHECK(database->content(5).value() == "A\n");
  CHECK(due[1]->recipients[0].state == RecipientState::failed);
  insert(*database, letter(7));
  database.reset();
  CHECK(open(directory)->count().value() == 3);
}

TEST_CASE("Mail for a site is found by the domain of a recipient that was tried") {
  Directory directory;
  auto database = open(directory);
  for (std::int64_t id = 1; id <= 4; ++id) {
    Message message = letter(id, 2);
    message.due = 1'000'000;
    if (id <= 3) message.recipients[1].transport = "smtp";
    message.recipients[1].address = id == 2 ? "u@other.example" : "u@Site.Example";
    insert(*database, message);
  }
  CHECK(database->of_site("site.example", 0, 10).value() == std::vector<std::int64_t>{1, 3});
  CHECK(database->of_site("site.example", 1, 10).value() == std::vector<std::int64_t>{3});
  CHECK(database->of_site("site.example", 0, 1).value() == std::vector<std::int64_t>{1});
  CHECK(database->of_site("none.example", 0, 10).value().empty());
}
