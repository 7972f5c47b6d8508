#include "commands/postern/sandbox_files.h"

#include <doctest/doctest.h>

#include "lib/config/all_params.h"
#include "lib/config/master_cf.h"

using namespace postern;
using namespace postern::commands;

namespace {

SandboxFiles example(bool root) {
  SandboxFiles files;
  files.directory = "/tmp/x";
  files.programs = "/opt/libexec";
  files.domain = "a.test";
  files.owner = {root, "mail", "mail", root ? 8u : 1000u, 8};
  files.port = 2525;
  files.settings = {
      {"message_size_limit", "1"}, {"smtpd_banner", "$myhostname mine"}, {"relay_domains", "b.test"}};
  return files;
}

}  // namespace

TEST_CASE("every parameter of a sandbox is a known one with a good value") {
  for (const bool root : {false, true}) {
    auto main = config::MainCf::parse(sandbox_main_cf(example(root)));
    REQUIRE(main);
    CHECK(main->warnings().empty());
    config::AllParams params;
    for (const auto& entry : main->entries()) CHECK_MESSAGE(params.find(entry.name) != nullptr, entry.name);
    const config::Settings settings(std::move(*main));
    CHECK(params.load(settings));
    CHECK(*params.common.queue_directory == "/tmp/x/queue");
    CHECK(*params.limits.message_size_limit == 1);
    CHECK(settings.value("relay_domains") == "b.test");
    CHECK(*params.smtpd.banner == "mail.a.test mine");
    CHECK(*params.virtual_.minimum_uid == (root ? 8 : 100));
  }
}

TEST_CASE("its services listen on the loopback interface alone, in jail as root") {
  for (const bool root : {false, true}) {
    const auto master = config::MasterCf::parse(sandbox_master_cf(example(root)));
    REQUIRE(master);
    for (const auto& service : master->services()) {
      if (service.type == config::SocketType::inet) CHECK(service.name == "127.0.0.1:2525");
      const bool takes_identities = service.command == "virtual" || service.command == "local";
      CHECK(service.unprivileged == !takes_identities);
      CHECK(service.chroot == (root && !takes_identities));
      if (service.command == "qmgr") CHECK(service.process_limit == 1);
    }
    CHECK(master->services().size() == 16);
  }
}

TEST_CASE("screen stands in front of its server where that is wanted, and lets nobody in untested") {
  SandboxFiles files = example(false);
  files.screen = true;
  const auto master = config::MasterCf::parse(sandbox_master_cf(files));
  REQUIRE(master);
  CHECK(master->services()[0].command == "postscreen");
  CHECK(master->services()[0].name == "127.0.0.1:2525");
  CHECK(master->services()[1].command == "smtpd");
  CHECK(master->services()[1].type == config::SocketType::pass);
  CHECK(master->services().size() == 17);
  const config::Settings settings(*config::MainCf::parse(sandbox_main_cf(files)));
  CHECK(settings.value("postscreen_access_list") == "");
}
