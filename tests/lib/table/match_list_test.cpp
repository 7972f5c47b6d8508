#include "lib/table/match_list.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <new>

#include "tests/lib/base/temporary_directory.h"
#include "tests/lib/table/answer.h"

using namespace postern;
using table::MatchList;
using Kind = MatchList::Kind;

namespace {

std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

MatchList list(std::string_view text, Kind kind) {
  auto parsed = MatchList::parse("list", *config::split_braced(text, config::kListSeparators), kind);
  REQUIRE(parsed);
  return std::move(*parsed);
}

bool on(std::string_view text, Kind kind, std::string_view subject) {
  const auto matched = answer(list(text, kind).matches(subject));
  REQUIRE(matched);
  return *matched;
}

}  // namespace

TEST_CASE("domains are matched by the kind of their list") {
  struct {
    std::string_view words, subject;
    bool names, domains, parents;
  } const cases[] = {
      {"example.com", "example.com", true, true, true},
      {"Example.COM", "eXample.com", true, true, true},
      {"example.com", "a.example.com", false, false, true},
      {"example.com", "a.b.example.com", false, false, true},
      {"example.com", "anexample.com", false, false, false},
      {".example.com", "a.example.com", false, true, false},
      {".example.com", "example.com", false, false, false},
      {"!a.example.com, .example.com example.com", "a.example.com", false, false, false},
      {"!a.example.com, .example.com example.com", "b.example.com", false, true, true},
      {"!!a", "a", true, true, true},
      {"a !a", "a", true, true, true},
      {"inline:{example.com=x}", "example.com", true, true, true},
      {"inline:{example.com=x}", "a.example.com", false, false, true},
      {"inline:{.example.com=x}", "a.example.com", false, true, false},
      {"!inline:{a=x} static:all", "a", false, false, false},
      {"!inline:{a=x} static:all", "b", true, true, true},
      {"", "a", false, false, false},
      {"example.com", "", false, false, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.words);
    CAPTURE(c.subject);
    CHECK(on(c.words, Kind::names, c.subject) == c.names);
    CHECK(on(c.words, Kind::domains, c.subject) == c.domains);
    CHECK(on(c.words, Kind::domains_and_parents, c.subject) == c.parents);
  }
}

TEST_CASE("addresses are matched by network") {
  struct {
    std::string_view words, subject;
    bool matches;
  } const cases[] = {
      {"127.0.0.0/8 [::1]/128", "127.1.2.3", true},
      {"127.0.0.0/8 [::1]/128", "::1", true},
      {"127.0.0.0/8 [::1]/128", "::2", false},
      {"127.0.0.0/8", "128.0.0.0", false},
      {"192.0.2.0/25", "192.0.2.127", true},
      {"192.0.2.0/25", "192.0.2.128", false},
      {"192.0.2.1", "192.0.2.1", true},
      {"[192.0.2.1]", "192.0.2.1", true},
      {"0.0.0.0/0", "203.0.113.9", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"[2001:db8::]/33", "2001:db8:7fff::1", true},
      {"[2001:db8::]/33", "2001:db8:8000::1", false},
      {"2001:db8::1", "2001:DB8:0::1", true},
      {"!192.0.2.9 192.0.2.0/24", "192.0.2.9", false},
      {"!192.0.2.9 192.0.2.0/24", "192.0.2.8", true},
      {"inline:{192.0.2.1=ok}", "192.0.2.1", true},
      {"inline:{192.0.2.1=ok}", "192.0.2.2", false},
      {"127.0.0.0/8", "unknown", false},
      {"127.0.0.0/8", "", false},
  };
  for (const auto& c : cases) {
    const auto& [words, subject, matches] = c;
    CAPTURE(c.words);
    CAPTURE(c.subject);
    CHECK(on(words, Kind::addresses, subject) == matches);
  }
}

TEST_CASE("an error names the parameter and the entry") {
  struct {
    std::string_view words, problem;
  } const cases[] = {
      {"192.0.2.1/24", "list: non-null host address bits in network: \"192.0.2.1/24\""},
      {"192.0.2.0/33", "list: bad prefix length: \"192.0.2.0/33\""},
      {"192.0.2/24", "list: bad network address: \"192.0.2/24\""},
      {"[2001:db8::1/64", "list: missing ']' in network: \"[2001:db8::1/64\""},
      {"[2001:db8::1]/64", "list: non-null host address bits in network: \"[2001:db8::1]/64\""},
      {"host.example", "list: bad network address: \"host.example\""},
      {"ldap:/etc/x", "list: unsupported table type: ldap (in \"ldap:/etc/x\")"},
      {"127.0.0.0/8 !", "list: no pattern after '!'"},
      {"/no/such/file", "list: open /no/such/file: No such file or directory"},
  };
  for (const auto& c : cases) {
    const auto& [words, problem] = c;
    CAPTURE(c.words);
    const auto parsed = MatchList::parse("list", *config::split_braced(words, config::kListSeparators),
                                         Kind::addresses, MatchList::Broken::refuse);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().text == problem);
  }
}

TEST_CASE("a file holds entries, and may name files, but not itself for ever") {
  const TemporaryDirectory directory;
  std::ofstream(directory.path("a")) << "# comment, with words\none.example two.example # more\n"
                                     << directory.path("b") << "\n!four.example\n";
  std::ofstream(directory.path("b")) << "three.example";
  const auto words = directory.path("a") + " static:x";
  CHECK(on(directory.path("a"), Kind::names, "one.example"));
  CHECK(on(directory.path("a"), Kind::names, "three.example"));
  CHECK_FALSE(on(directory.path("a"), Kind::names, "comment"));
  CHECK_FALSE(on(words, Kind::names, "four.example"));
  CHECK_FALSE(on("!" + words, Kind::names, "two.example"));
  CHECK(on("!" + words, Kind::names, "four.example"));
  std::ofstream(directory.path("loop")) << directory.path("loop");
  CHECK_FALSE(MatchList::parse("list", {directory.path("loop")}, Kind::names));
}

TEST_CASE("what needs no table is answered at once") {
  const auto own = list("!a.example b.example fail:down c.example", Kind::names);
  CHECK(own.matches_now("a.example") == false);
  CHECK(own.matches_now("b.example") == true);
  CHECK_FALSE(own.matches_now("c.example"));
  const auto failed = answer(own.matches("c.example"));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().text == "fail:down lookup error for \"c.example\": down");
}

TEST_CASE("what cannot be opened fails the lookups that come to it") {
  const auto own = list("a.example /no/such/file b.example", Kind::names);
  CHECK(own.matches_now("a.example") == true);
  const auto failed = answer(own.matches("b.example"));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().text.find("open /no/such/file: No such file or directory") != std::string::npos);
}

TEST_CASE("tables of patterns are not asked for parent domains") {
  CHECK(on("regexp:{{/^example.com$/ x}}", Kind::domains_and_parents, "example.com"));
  CHECK_FALSE(on("regexp:{{/^example.com$/ x}}", Kind::domains_and_parents, "a.example.com"));
  CHECK(on("cidr:{{192.0.2.0/24 x}}", Kind::addresses, "192.0.2.9"));
}

TEST_CASE("an answer at once needs no memory") {
  const auto networks = list("127.0.0.0/8 [::1]/128 192.0.2.0/24", Kind::addresses);
  const auto names = list("a-domain-that-is-rather-long.example another.example", Kind::domains_and_parents);
  const auto before = allocations;
  const bool found[] = {networks.matches_now("192.0.2.77") == true,
                        networks.matches_now("2001:db8::1") == false,
                        names.matches_now("www.A-domain-that-is-rather-long.example") == true};
  const auto after = allocations;
  CHECK(before == after);
  for (const bool right : found) CHECK(right);
}

TEST_CASE("parent_domain_matches_subdomains picks the kind of a list") {
  CHECK(table::domain_kind("relay_domains", {"mynetworks", "relay_domains"}) == Kind::domains_and_parents);
  CHECK(table::domain_kind("relay_domains", {"mynetworks"}) == Kind::domains);
}
