#include "lib/config/settings.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "lib/base/fd.h"

using namespace postern;
using config::HostFacts;
using config::MainCf;
using config::Pairs;
using config::Settings;
using config::Source;

namespace {

Settings settings(const std::string& main, Pairs overrides = {}, const HostFacts& facts = {}) {
  return Settings(*MainCf::parse(main), std::move(overrides), facts);
}

}  // namespace

TEST_CASE("an override goes before main.cf, and main.cf before the default") {
  const auto s = settings("smtpd_banner = one\nline_length_limit = 1000\n", {{"smtpd_banner", "two"}});
  CHECK(*s.value("smtpd_banner") == "two");
  CHECK(s.source("smtpd_banner") == Source::override);
  CHECK(*s.value("line_length_limit") == "1000");
  CHECK(s.source("line_length_limit") == Source::main_cf);
  CHECK(*s.value("header_size_limit") == "102400");
  CHECK(s.source("header_size_limit") == Source::standard);
  CHECK(s.source("no_such_name") == Source::unknown);
}

TEST_CASE("of several overrides of a name the last one wins") {
  auto s = settings("", {{"stress", "yes"}, {"stress", ""}});
  CHECK(s.raw("stress") == "");
  s.override("stress", "yes");
  CHECK(s.raw("stress") == "yes");
}

TEST_CASE("overrides that are forgotten leave main.cf and the defaults in force") {
  Settings s(*MainCf::parse("smtpd_banner = mine\n"));
  s.override("smtpd_banner", "other");
  s.override("max_use", "7");
  s.forget_overrides();
  CHECK(*s.value("smtpd_banner") == "mine");
  CHECK(*s.value("max_use") == "100");
}

TEST_CASE("raw keeps what value expands") {
  const auto s = settings("myhostname = mx.example.com\nfoo = <$myhostname>\n");
  CHECK(s.raw("foo") == "<$myhostname>");
  CHECK(*s.value("foo") == "<mx.example.com>");
  CHECK(*s.value("smtpd_banner") == "mx.example.com ESMTP Postern");
  CHECK_FALSE(s.raw("no_such_name").has_value());
}

TEST_CASE("an unknown name has no value, and expands as nothing") {
  const auto s = settings("");
  const auto value = s.value("no_such_name");
  REQUIRE_FALSE(value);
  CHECK(value.error().kind == Errc::not_found);
  CHECK(value.error().text == "unknown parameter: no_such_name");
  CHECK(*s.expand("<$no_such_name>") == "<>");
}

TEST_CASE("defaults follow stress and the compatibility level") {
  CHECK(*settings("").value("smtpd_timeout") == "300s");
  CHECK(*settings("", {{"stress", "yes"}}).value("smtpd_timeout") == "10s");
  CHECK(*settings("").value("append_dot_mydomain") == "no");
  CHECK(*settings("compatibility_level = 0\n").value("append_dot_mydomain") == "yes");
  CHECK(*settings("compatibility_level = 1\nmydestination = a b").value("relay_domains") == "a b");
  CHECK(*settings("").value("relay_domains") == "");
  CHECK(*settings("").value("syslog_name") == "postfix");
  CHECK(*settings("multi_instance_name = postfix-out\n").value("syslog_name") == "postfix-out");
}

TEST_CASE("a value that does not expand is an error that names the parameter") {
  const auto value = settings("foo = $foo\n").value("foo");
  REQUIRE_FALSE(value);
  CHECK(value.error().text == "parameter foo: unreasonable macro call nesting: \"foo\"");
}

TEST_CASE("myhostname and mydomain come from the host, and from each other") {
  struct Row {
    std::string main, hostname, myhostname, mydomain;
  };
  const Row rows[] = {
      {"", "mx.example.com", "mx.example.com", "example.com"},
      {"", "mx", "mx.localdomain", "localdomain"},
      {"mydomain = example.org\n", "mx", "mx.example.org", "example.org"},
      {"mydomain = example.org\n", "mx.example.com", "mx.example.com", "example.org"},
      {"myhostname = a.b.example\n", "mx", "a.b.example", "b.example"},
      {"myhostname = a.$mydomain\n", "mx.example.com", "a.example.com", "example.com"},
      {"myhostname = single\n", "mx.example.com", "single", "localdomain"},
      {"myhostname = dot.\n", "mx.example.com", "dot.", "localdomain"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.main);
    HostFacts facts;
    facts.hostname = row.hostname;
    const auto s = settings(row.main, {}, facts);
    CHECK(*s.value("myhostname") == row.myhostname);
    CHECK(*s.value("mydomain") == row.mydomain);
  }
}

TEST_CASE("myhostname that does not expand fails where it is needed, and nowhere else") {
  const auto s = settings("myhostname = ${\n");
  CHECK_FALSE(s.value("myhostname"));
  CHECK_FALSE(s.value("mydomain"));
  CHECK_FALSE(s.expand("user@$mydomain"));
  CHECK(s.value("mail_name"));
}

TEST_CASE("mynetworks follows the addresses of the host and mynetworks_style") {
  HostFacts facts;
  facts.addresses = {
      {"127.0.0.1", 8}, {"192.0.2.77", 26}, {"::1", 128}, {"2001:db8::5", 64}, {"192.0.2.78", 26}};
  struct Row {
    std::string main, networks;
  };
  const Row rows[] = {
      {"", "127.0.0.1/32 192.0.2.77/32 [::1]/128 [2001:db8::5]/128 192.0.2.78/32"},
      {"mynetworks_style = subnet\n", "127.0.0.0/8 192.0.2.64/26 [::1]/128 [2001:db8::]/64"},
      {"compatibility_level = 1\n", "127.0.0.0/8 192.0.2.64/26 [::1]/128 [2001:db8::]/64"},
      {"mynetworks_style = class\ninet_protocols = ipv4\n", "127.0.0.0/8 192.0.2.0/24"},
      {"inet_interfaces = loopback-only\n", "127.0.0.1/32 [::1]/128"},
      {"inet_interfaces = 192.0.2.77, [2001:db8::5]\n", "192.0.2.77/32 [2001:db8::5]/128"},
      {"inet_protocols = ipv6\n", "[::1]/128 [2001:db8::5]/128"},
      {"mynetworks = 10.0.0.0/8\n", "10.0.0.0/8"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.main);
    CHECK(*settings(row.main, {}, facts).value("mynetworks") == row.networks);
  }
  const auto bad = settings("mynetworks_style = everybody\n", {}, facts).value("mynetworks");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().text == "parameter mynetworks: unknown mynetworks_style value: everybody");
}

TEST_CASE("the host tells its name and at least one address") {
  const auto facts = HostFacts::of_this_host();
  CHECK_FALSE(facts.hostname.empty());
  CHECK_FALSE(facts.addresses.empty());
}

TEST_CASE("load reads main.cf of a directory, which becomes config_directory") {
  std::string directory = "/tmp/settings_test_XXXXXX";
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  REQUIRE(replace_file(directory + "/main.cf", "myorigin = here\n", 0644));
  const auto s = Settings::load(directory, {{"stress", "yes"}});
  REQUIRE(s);
  CHECK(*s->value("myorigin") == "here");
  CHECK(*s->value("config_directory") == directory);
  CHECK(s->main_cf().path() == directory + "/main.cf");
  std::filesystem::remove_all(directory);
  const auto missing = Settings::load("no/such/directory");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == Errc::not_found);
}

TEST_CASE("the owner of the mail system is our own user, or where there is none that of Postfix") {
  using namespace std::string_view_literals;
  HostFacts facts;
  facts.has_user = [](const char* name) { return name == "postfix"sv; };
  CHECK(settings("", {}, facts).value("mail_owner") == "postfix");
  CHECK(settings("mail_owner = mail\n", {}, facts).value("mail_owner") == "mail");
  CHECK(settings("", {{"mail_owner", "other"}}, facts).value("mail_owner") == "other");
  facts.has_user = [](const char* name) { return name == "postfix"sv || name == "postern"sv; };
  CHECK(settings("", {}, facts).value("mail_owner") == "postern");
  facts.has_user = [](const char*) { return false; };
  CHECK(settings("", {}, facts).value("mail_owner") == "postern");
}
