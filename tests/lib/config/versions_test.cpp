#include "lib/config/versions.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "lib/base/text.h"
#include "lib/config/all_params.h"
#include "lib/config/level.h"

using namespace postern;
using namespace postern::config;

namespace {

bool is_older(std::string_view a, std::string_view b) {
  const auto order = compare_levels(a, b);
  REQUIRE(order);
  return *order < 0;
}

}  // namespace

TEST_CASE("the version that first had a parameter is known") {
  CHECK(since("milter_default_action") == "2.3");
  CHECK(since("smtpd_relay_restrictions") == "2.10");
  CHECK(since("postscreen_denylist_action") == "3.6");
  CHECK(since("smtpd_per_request_deadline") == "3.7");
  CHECK(since("use_srv_lookup") == "3.8");
  CHECK(since("smtpd_forbid_bare_newline") == "3.9");
  CHECK(since("smtp_tlsrpt_enable") == "3.10");
  CHECK(since("default_cache_db_type") == "3.11");
}

TEST_CASE("our own parameters have no version of Postfix, and the oldest ones no record") {
  CHECK(since("daemon_jail") == "");
  CHECK(since("queue_inline_limit") == "");
  CHECK_FALSE(since("mydestination"));
  CHECK_FALSE(since("no_such_name"));
}

TEST_CASE("every name with a version is a parameter or an old name, and stands in one place") {
  AllParams all;
  std::set<std::string_view> names;
  for (const auto& release : releases()) {
    CHECK_FALSE(release.names.empty());
    CHECK(std::is_sorted(release.names.begin(), release.names.end()));
    for (const auto name : release.names) {
      CAPTURE(name);
      CHECK(names.insert(name).second);
      CHECK((all.find(name) != nullptr || replaced(name) != nullptr));
      CHECK(since(name) == release.version);
    }
  }
  CHECK(names.size() > 600);
}

TEST_CASE("releases are in order, our own first") {
  const auto all = releases();
  REQUIRE(all.size() > 2);
  CHECK(all.front().version.empty());
  for (std::size_t i = 2; i < all.size(); ++i) CHECK(is_older(all[i - 1].version, all[i].version));
}

TEST_CASE("what took the place of old names is known") {
  const struct {
    std::string_view name, since, instead, warned;
  } rows[] = {{"virtual_maps", "2.0", "virtual_alias_maps", "3.11"},
              {"fallback_relay", "2.3", "smtp_fallback_relay", "3.11"},
              {"smtpd_use_tls", "2.3", "smtpd_tls_security_level", "3.9"},
              {"smtp_tls_per_site", "2.3", "smtp_tls_policy_maps", "3.9"},
              {"postscreen_blacklist_action", "3.6", "postscreen_denylist_action", "3.11"},
              {"smtpd_tls_eecdh_grade", "3.6", "", "3.9"},
              {"smtpd_tls_cipherlist", "2.3", "smtpd_tls_mandatory_ciphers", ""}};
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto* found = replaced(row.name);
    REQUIRE(found != nullptr);
    CHECK(found->since == row.since);
    CHECK(found->instead == row.instead);
    CHECK(found->warned == row.warned);
  }
  CHECK(replaced("virtual_alias_maps") == nullptr);
  CHECK(replaced("no_such_name") == nullptr);
}

TEST_CASE("what took the place of an old name is a parameter that is not old itself") {
  AllParams all;
  const auto rows = replaced_names();
  CHECK(
      std::is_sorted(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.name < b.name; }));
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(replaced(row.name) == &row);
    if (row.instead.empty()) continue;
    CHECK(all.find(row.instead) != nullptr);
    CHECK(replaced(row.instead) == nullptr);
  }
}

TEST_CASE("a name is not old before it was new, and nobody warns about it earlier") {
  for (const auto& row : replaced_names()) {
    CAPTURE(row.name);
    if (const auto first = since(row.name)) CHECK_FALSE(is_older(row.since, *first));
    if (!row.warned.empty()) CHECK_FALSE(is_older(row.warned, row.since));
  }
}

TEST_CASE("a replacement is there when it is needed") {
  for (const auto& row : replaced_names()) {
    CAPTURE(row.name);
    const auto first = since(row.instead);
    if (!row.instead.empty() && first) CHECK_FALSE(is_older(row.since, *first));
  }
}
