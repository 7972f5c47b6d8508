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
  CHECK_FALSE(Database::open(directory.database(), milliseconds(0)));
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
