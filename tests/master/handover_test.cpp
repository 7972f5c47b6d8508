#include "master/handover.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"

using namespace postern;
using namespace postern::master;

namespace {

Handover example() {
  Handover handover;
  handover.directory = "/etc/postern";
  handover.main_cf = "mail_name = P\xf6stern\n";  // not UTF-8
  handover.master_cf = "smtp inet n - n - - smtpd\n";
  handover.generation = 7;
  handover.scoreboard = 4;
  handover.log = 5;
  handover.log_unsaid = 12;
  HandedService service;
  service.service.name = "smtp";
  service.service.type = Type::inet;
  service.service.limit = 100;
  service.service.wakeup = seconds(60);
  service.service.program = "smtpd";
  service.service.arguments = {"-o", "syslog_name=x\xff"};
  service.service.addresses = {{"inet:127.0.0.1:25", {}}};
  service.service.debug = true;
  service.was_used = true;
  service.listeners = {{"inet:127.0.0.1:25", "", 9}};
  HandedChild child;
  child.pid = 4711;
  child.slot = 3;
  child.generation = 6;
  child.status = 10;
  child.state = daemon::State::busy;
  child.was_told = true;
  child.last_words = "so long";
  service.children = {child};
  handover.services = {service};
  return handover;
}

}  // namespace

TEST_CASE("a handover is read back as it was written, whatever bytes the files hold") {
  const auto memory = write_handover(example());
  REQUIRE(memory);
  const auto read = read_handover(memory->get());
  REQUIRE(read);
  CHECK(read->main_cf == example().main_cf);
  CHECK(read->generation == 7);
  CHECK(read->log_unsaid == 12);
  REQUIRE(read->services.size() == 1);
  const auto& service = read->services[0];
  CHECK(service.service.identity() == example().services[0].service.identity());
  CHECK(service.service.arguments == example().services[0].service.arguments);
  CHECK(service.service.wakeup == seconds(60));
  CHECK(service.service.debug);
  REQUIRE(service.children.size() == 1);
  CHECK(service.children[0].pid == 4711);
  CHECK(service.children[0].state == daemon::State::busy);
  CHECK(service.children[0].last_words == "so long");
  CHECK(format_handover(*read) == format_handover(example()));
}

TEST_CASE("every descriptor that is open over the exec is named once") {
  CHECK(descriptors_of(example()) == std::vector<int>{4, 5, 9, 10});
}

TEST_CASE("what another version means, or a broken text, is not taken over") {
  std::string text = format_handover(example());
  CHECK(!parse_handover(""));
  CHECK(!parse_handover("nonsense"));
  for (std::size_t size = 0; size < text.size(); size += 7) CHECK(!parse_handover(text.substr(0, size)));
  const auto at = text.find("version");
  REQUIRE(at != std::string::npos);
  text[at + 7] = 2;
  const auto read = parse_handover(text);
  REQUIRE(!read);
  CHECK(read.error().text.find("of another version") != std::string::npos);
}
