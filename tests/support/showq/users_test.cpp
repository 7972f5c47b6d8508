#include "support/showq/users.h"

#include <doctest/doctest.h>
#include <pwd.h>
#include <unistd.h>

#include <optional>

#include "lib/base/text.h"
#include "lib/config/settings.h"
#include "lib/net/scope.h"

using namespace postern;
using namespace postern::showq;

namespace {

constexpr uid_t kNobodyKnows = 54321;

std::string objection(std::string_view main_cf, uid_t user, Wish wish) {
  auto main = config::MainCf::parse(std::string(main_cf), "main.cf");
  REQUIRE(main);
  config::QueueAccessParams params;
  REQUIRE(params.load(config::Settings(std::move(*main))));
  const auto users = Users::read(params);
  if (!users) return users.error().text;
  net::Loop loop;
  net::Scope scope(loop);
  std::optional<std::string> found;
  const auto body = [](const Users& of, uid_t who, Wish what,
                       std::optional<std::string>& place) -> net::Task<void> {
    std::string text = co_await of.objection(who, what);
    place = std::move(text);
  };
  scope.spawn(body(*users, user, wish, found));
  loop.poll();
  REQUIRE(found);
  return *found;
}

}  // namespace

TEST_CASE("Anybody may ask unless the lists say otherwise; root and our own user always") {
  const uid_t daemon = ::getpwnam("daemon")->pw_uid;
  CHECK(objection("", kNobodyKnows, Wish::view).empty());
  CHECK(objection("", kNobodyKnows, Wish::flush).empty());
  const std::string_view named = "authorized_mailq_users = daemon\nauthorized_flush_users =\n";
  CHECK(objection(named, daemon, Wish::view).empty());
  CHECK(objection(named, daemon, Wish::flush) ==
        concat("User daemon(", daemon, ") is not allowed to flush the mail queue"));
  CHECK(objection(named, kNobodyKnows, Wish::view) ==
        "User unknown(54321) is not allowed to view the mail queue");
  CHECK(objection(named, 0, Wish::flush).empty());
  CHECK(objection(named, ::geteuid(), Wish::flush).empty());
  CHECK(objection("authorized_mailq_users = !daemon, static:anyone\n", daemon, Wish::view) != "");
  CHECK(objection("authorized_mailq_users = unknown\n", kNobodyKnows, Wish::view).empty());
}

TEST_CASE("A list that cannot be read names nobody; root and our own user do not need it") {
  const std::string_view broken = "authorized_mailq_users = nosuchtype:x\n";
  CHECK(objection(broken, kNobodyKnows, Wish::view) ==
        "User unknown(54321) is not allowed to view the mail queue");
  CHECK(objection(broken, kNobodyKnows, Wish::flush).empty());
  CHECK(objection(broken, 0, Wish::view).empty());
}
