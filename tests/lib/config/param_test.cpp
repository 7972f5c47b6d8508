#include "lib/config/param.h"

#include <doctest/doctest.h>

#include <set>

#include "lib/config/all_params.h"
#include "lib/config/standards.h"

using namespace postern;
using namespace postern::config;

namespace {

struct Sample : ParamGroup {
  Param<Seconds> wait{*this, "wait", "5m", "A time.", at_least(1)};
  Param<Seconds> life{*this, "life", "${stress?{1}:{2}}d", "A time in days.", at_most(100 * 86400)};
  Param<int> count{*this, "count", "20", "A number.", between(1, 100)};
  Param<std::int64_t> size{*this, "size", "0", "A large number.", at_most(std::int64_t{1} << 50)};
  Param<bool> flag{*this, "flag", "no", "A switch."};
  Param<std::string> text{*this, "text", "$mail_name", "A text.", between(1, 10)};
  Param<List> words{*this, "words", "a, b", "A list."};
  Param<std::string> colour{*this, "colour", "red", "One of three.", one_of("red green blue")};
  Param<List> colours{*this, "colours", "red, blue", "Some of three.", one_of("red green blue")};
  Param<std::string> command{*this, "command", "", "A command.", kUnexpanded};
};

Settings settings(const std::string& main) { return Settings(*MainCf::parse(main)); }

std::string error_of(const std::string& main) {
  Sample sample;
  const auto done = sample.load(settings(main));
  return done ? "" : done.error().text;
}

}  // namespace

TEST_CASE("parameters that are not set have their defaults") {
  Sample sample;
  REQUIRE(sample.load(settings("")));
  CHECK(sample.wait.get() == Seconds(300));
  CHECK(sample.life.get() == Seconds(2 * 86400));
  CHECK(*sample.count == 20);
  CHECK(*sample.size == 0);
  CHECK(*sample.flag == false);
  CHECK(*sample.text == "Postern");
  CHECK(*sample.words == List{"a", "b"});
}

TEST_CASE("parameters have the values of the settings") {
  Sample sample;
  const auto main =
      "count = 33\nwait = 7\nlife = 3\nsize = 9000000000\nflag = YES\ntext = <$count>\n"
      "words = x {y, z}  $text,,w\n   v\ncommand = run \"$EXTENSION\"\n";
  REQUIRE(sample.load(settings(main)));
  CHECK(sample.wait.get() == Seconds(7 * 60));
  CHECK(sample.life.get() == Seconds(3 * 86400));
  CHECK(*sample.count == 33);
  CHECK(*sample.size == 9'000'000'000);
  CHECK(*sample.flag);
  CHECK(*sample.text == "<33>");
  CHECK(*sample.words == List{"x", "{y, z}", "<33>", "w", "v"});
  CHECK(*sample.command == "run \"$EXTENSION\"");
}

TEST_CASE("a bad value is refused with the parameter, the value and the reason") {
  const struct {
    std::string main, error;
  } rows[] = {
      {"count = 5x", "bad numerical configuration: count = 5x: not a number"},
      {"count =", "bad numerical configuration: count = : not a number"},
      {"count = 0", "invalid count parameter value 0 < 1"},
      {"count = -1", "invalid count parameter value -1 < 1"},
      {"count = 101", "invalid count parameter value 101 > 100"},
      {"count = 99999999999", "bad numerical configuration: count = 99999999999: number is too large"},
      {"count = 99999999999999999999",
       "bad numerical configuration: count = 99999999999999999999: not a number"},
      {"flag = true", "bad boolean configuration: flag = true: neither yes nor no"},
      {"wait = 5y", "bad time configuration: wait = 5y: bad time value or unit"},
      {"wait = 5 m", "bad time configuration: wait = 5 m: bad time value or unit"},
      {"wait = -5", "bad time configuration: wait = -5: bad time value or unit"},
      {"wait = 0", "invalid wait parameter value 0 < 1"},
      {"life = 4000w", "bad time configuration: life = 4000w: time value is too large"},
      {"life = 101d", "invalid life parameter value 8726400 > 8640000"},
      {"text =", "invalid text parameter length 0 < 1"},
      {"text = 01234567890", "invalid text parameter length 11 > 10"},
      {"words = {a, b", "bad list configuration: words = {a, b: missing '}' in \"{a, b\""},
      {"colour = Pink", "bad string configuration: colour = Pink: none of red green blue"},
      {"colours = RED, pink", "bad list configuration: colours = pink: none of red green blue"},
      {"text = ${count", "parameter text: truncated macro reference: \"${count\""},
  };
  for (const auto& row : rows) CHECK(error_of(row.main) == row.error);
}

TEST_CASE("a refused value leaves the parameter as it was") {
  Sample sample;
  REQUIRE(sample.load(settings("count = 7")));
  REQUIRE_FALSE(sample.count.accept("101"));
  CHECK(*sample.count == 7);
}

TEST_CASE("times have units") {
  const struct {
    std::string text;
    char unit;
    std::int64_t seconds;
  } rows[] = {{"300s", 'd', 300},
              {"5m", 's', 300},
              {"1h", 's', 3600},
              {"2d", 's', 172800},
              {"1w", 's', 604800},
              {"1W", 's', 604800},
              {"2hh", 's', 7200},
              {"3days", 's', 259200},
              {"7", 'h', 7 * 3600},
              {"0", 's', 0},
              {"2147483647", 's', 2147483647}};
  for (const auto& row : rows) CHECK(*parse_seconds(row.text, row.unit) == Seconds(row.seconds));
  for (const auto* bad : {"", "s", "5 ms", "1.5h", "2147483648", "35791395m", "+5"})
    CHECK_FALSE(parse_seconds(bad));
}

TEST_CASE("numbers have a sign but nothing else") {
  CHECK(*parse_int("-12") == -12);
  CHECK(*parse_int("+12") == 12);
  for (const auto* bad : {"", "-", "--1", "1 ", "0x10", "1e3"}) CHECK_FALSE(parse_int(bad));
}

TEST_CASE("every declared parameter accepts its default, has a name of its own, and help") {
  AllParams all;
  const auto loaded = all.load(settings(""));
  REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().text));
  std::set<std::string> names;
  for (const auto* param : all.params()) {
    CAPTURE(param->name());
    CHECK(names.insert(param->name()).second);
    CHECK_FALSE(param->help().empty());
    CHECK(param->standard() == standard_value(param->name()));
  }
  CHECK(names.size() > 150);
}

TEST_CASE("defaults hold under stress and at every compatibility level") {
  for (const auto* main : {"stress = yes", "compatibility_level = 0", "compatibility_level = 2"}) {
    CAPTURE(main);
    const auto loaded = AllParams().load(settings(main));
    CHECK_MESSAGE(loaded, (loaded ? "" : loaded.error().text));
  }
}

TEST_CASE("parameters are found by name") {
  AllParams all;
  auto* param = all.find("smtpd_timeout");
  REQUIRE(param != nullptr);
  CHECK(param->type() == "time");
  CHECK(param->unit() == 's');
  CHECK(all.find("maximal_queue_lifetime")->unit() == 'd');
  CHECK(all.find("no_such_name") == nullptr);
  CHECK(all.find("smtpd_timeout")->spec().effect == Effect::yes);
  CHECK(all.find("soft_bounce")->spec().effect == Effect::not_yet);
  CHECK(all.find("service_name")->spec().access == Access::read_only);
  CHECK(all.find("luser_relay")->spec().expansion == Expansion::none);
}

TEST_CASE("a transport has limits of its own, which follow the defaults for all") {
  TransportParams transport("lmtp");
  REQUIRE(
      transport.load(settings("lmtp_destination_recipient_limit = 1\n"
                              "default_destination_concurrency_limit = 7\n")));
  CHECK(*transport.recipient_limit == 1);
  CHECK(*transport.concurrency_limit == 7);
  CHECK(*transport.initial_concurrency == 5);
}

TEST_CASE("parameters that no program reads are known by name, type and default") {
  CHECK(find_unread("smtpd_timeout") == nullptr);
  CHECK(find_unread("no_such_name") == nullptr);
  REQUIRE(find_unread("error_notice_recipient") != nullptr);
  CHECK(find_unread("error_notice_recipient")->standard == "postmaster");
  AllParams all;
  for (const auto* param : all.unread.params()) CHECK(param->spec().effect == Effect::not_yet);
  CHECK(all.find("smtpd_sasl_auth_enable")->type() == "boolean");
  CHECK(all.find("lmtp_connect_timeout")->unit() == 's');
  CHECK(all.find("default_rbl_reply")->spec().expansion == Expansion::none);
  CHECK_FALSE(all.find("smtpd_starttls_timeout")->accept("soon"));
}

TEST_CASE("their bounds are those of Postfix") {
  AllParams all;
  const struct {
    std::string name, value, error;
  } rows[] = {
      {"smtp_helo_timeout", "0", "invalid smtp_helo_timeout parameter value 0 < 1"},
      {"in_flow_delay", "11s", "invalid in_flow_delay parameter value 11 > 10"},
      {"unverified_sender_defer_code", "550",
       "invalid unverified_sender_defer_code parameter value 550 > 499"},
      {"default_verp_delimiters", "+", "invalid default_verp_delimiters parameter length 1 < 2"},
      {"bounce_service_name", "", "invalid bounce_service_name parameter length 0 < 1"},
      {"smtpd_client_ipv4_prefix_length", "33",
       "invalid smtpd_client_ipv4_prefix_length parameter value 33 > 32"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto taken = all.find(row.name)->accept(row.value);
    REQUIRE_FALSE(taken);
    CHECK(taken.error().text == row.error);
  }
  CHECK(all.find("in_flow_delay")->accept("10s"));
  CHECK(all.find("lmdb_map_size")->accept("1099511627776"));
  CHECK(all.find("relocated_maps")->accept(""));
  CHECK(all.find("postscreen_dnsbl_allowlist_threshold")->accept("-3"));
}

TEST_CASE("parameters that later versions of Postfix brought have their defaults") {
  CHECK(standard_value("smtpd_client_ipv6_prefix_length") == "84");
  CHECK(standard_value("lmtp_requiretls_policy") == "opportunistic");
  CHECK(standard_value("tlsproxy_tls_enable_rpk") == "$smtpd_tls_enable_rpk");
  AllParams all;
  CHECK(all.find("smtp_tlsrpt_enable")->type() == "boolean");
  CHECK(all.find("smtp_requiretls_policy")->spec().expansion == Expansion::none);
  // Only development versions have these.
  CHECK(all.find("postscreen_tls_cert_file") == nullptr);
  CHECK(all.find("smtp_tls_loglevel_maps") == nullptr);
}

TEST_CASE("who reads a parameter is known: here, or in Postfix") {
  AllParams all;
  const struct {
    std::string_view name, programs;
    bool here;
  } rows[] = {{"smtpd_banner", "smtpd", true},
              {"local_recipient_maps", "smtpd, cleanup, qmgr", true},
              {"header_checks", "cleanup", true},
              {"swap_bangpath", "smtpd, cleanup, qmgr", true},
              {"postscreen_greet_wait", "screen", true},
              {"lmtp_connect_timeout", "lmtp", true},
              {"ignore_mx_lookup_error", "smtp, lmtp", true},
              {"smtp_tls_CAfile", "smtp", true},
              {"smtp_tls_per_site", "smtp, tlsproxy", false},
              {"soft_bounce", "all", false}};
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto readers = all.readers(row.name);
    REQUIRE(readers);
    CHECK(readers->programs == row.programs);
    CHECK(readers->here == row.here);
  }
  CHECK_FALSE(all.readers("no_such_name"));
  for (const auto* param : all.params()) {
    CAPTURE(param->name());
    const auto readers = all.readers(param->name());
    REQUIRE(readers);
    CHECK_FALSE(readers->programs.empty());
    CHECK(readers->here == (param->spec().effect == Effect::yes));
  }
}
