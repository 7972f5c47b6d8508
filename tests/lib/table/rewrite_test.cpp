#include "lib/table/rewrite.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"
#include "tests/lib/table/answer.h"

using namespace postern;
using table::AddressKind;
using table::Rewriter;

namespace {

std::unique_ptr<Rewriter> rewriter(const std::string& main_cf) {
  auto parsed = config::MainCf::parse(
      "myhostname = mx.home.example\nmyorigin = home.example\nmydestination = home.example, localhost\n"
      "recipient_delimiter = +\n" +
          main_cf,
      "main.cf");
  REQUIRE(parsed);
  config::HostFacts host;
  host.hostname = "mx.home.example";
  host.addresses = {{"192.0.2.1", 24}};
  const config::Settings settings(std::move(*parsed), {}, host);
  auto opened = Rewriter::open(settings, host);
  if (!opened) FAIL(opened.error().text);
  return std::move(*opened);
}

std::string canonical(const Rewriter& own, std::string_view address,
                      AddressKind kind = AddressKind::envelope_recipient) {
  auto found = answer(own.canonical(std::string(address), kind));
  return found ? *found : "error: " + found.error().text;
}

std::string expanded(const Rewriter& own, std::string_view address) {
  auto found = answer(own.expand(address));
  if (!found) return "error: " + found.error().text;
  std::string out;
  for (const auto& one : *found) out += (out.empty() ? "" : " ") + one;
  return out;
}

}  // namespace

TEST_CASE("canonical tables rewrite by address, user and domain, and keep extensions") {
  const auto own = rewriter(
      "canonical_maps = inline:{ ann@a.example=First.Last@new.example, bob=robert, "
      "ann+x@a.example=exact@new.example,\n"
      "  @old.example=@new.example, eve@home.example=eve@home.example, one@a.example=two@a.example,\n"
      "  two@a.example=three@a.example, loop@a.example=pool@a.example, pool@a.example=loop@a.example,\n"
      "  {many@a.example=x@a.example, y@a.example} }\n");
  struct {
    std::string_view address, result;
  } const cases[] = {
      {"ann@a.example", "First.Last@new.example"},
      {"Ann@A.example", "First.Last@new.example"},
      {"ann+list@a.example", "First.Last+list@new.example"},
      {"ann+x@a.example", "exact@new.example"},
      {"bob@home.example", "robert@home.example"},
      {"bob@[192.0.2.1]", "robert@home.example"},
      {"bob@localhost", "robert@home.example"},
      {"bob+y@home.example", "robert+y@home.example"},
      {"bob@other.example", "bob@other.example"},
      {"joe@old.example", "joe@new.example"},
      {"joe+z@old.example", "joe+z@new.example"},
      {"eve@home.example", "eve@home.example"},
      {"one@a.example", "three@a.example"},
      {"many@a.example", "x@a.example"},
      {"", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.address);
    CHECK(canonical(*own, c.address) == c.result);
  }
  CHECK(canonical(*own, "loop@a.example") ==
        "error: unreasonable canonical_maps map nesting for loop@a.example -- message not accepted, try "
        "again later");
  const auto bare = rewriter(
      "propagate_unmatched_extensions = virtual\ncanonical_maps = inline:{ann@a.example=b@a.example}\n");
  CHECK(canonical(*bare, "ann+list@a.example") == "b@a.example");
}

TEST_CASE("each canonical table has its classes, and that of the side comes first") {
  const auto own = rewriter(
      "sender_canonical_maps = inline:{ann@a.example=sender@a.example}\n"
      "recipient_canonical_maps = inline:{ann@a.example=recipient@a.example}\n"
      "canonical_maps = inline:{sender@a.example=s@b.example, recipient@a.example=r@b.example}\n"
      "canonical_classes = envelope_sender, header_recipient\n");
  CHECK(canonical(*own, "ann@a.example", AddressKind::envelope_sender) == "s@b.example");
  CHECK(canonical(*own, "ann@a.example", AddressKind::header_sender) == "sender@a.example");
  CHECK(canonical(*own, "ann@a.example", AddressKind::envelope_recipient) == "recipient@a.example");
  CHECK(canonical(*own, "ann@a.example", AddressKind::header_recipient) == "r@b.example");
  CHECK(own->has_maps(AddressKind::envelope_recipient));
  CHECK_FALSE(rewriter("")->has_maps(AddressKind::header_sender));
  CHECK(rewriter("masquerade_domains = a.example\n")->has_maps(AddressKind::header_sender));
  CHECK_FALSE(rewriter("masquerade_domains = a.example\n")->has_maps(AddressKind::envelope_recipient));
}

TEST_CASE("masquerading strips subdomains, but not of exceptions") {
  const auto own = rewriter(
      "masquerade_domains = foo.a.example !bar.a.example a.example Home.example\nmasquerade_exceptions = "
      "root\n");
  struct {
    std::string_view address, result;
  } const cases[] = {
      {"ann@host.a.example", "ann@a.example"},
      {"ann@x.y.A.example", "ann@a.example"},
      {"ann@any.foo.a.example", "ann@foo.a.example"},
      {"ann@foo.a.example", "ann@foo.a.example"},
      {"ann@any.bar.a.example", "ann@any.bar.a.example"},
      {"ann@bar.a.example", "ann@bar.a.example"},
      {"ann@nota.example", "ann@nota.example"},
      {"root@host.a.example", "root@host.a.example"},
      {"ann@mx.home.example", "ann@Home.example"},
      {"ann", "ann"},
      {"", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.address);
    CHECK(canonical(*own, c.address, AddressKind::envelope_sender) == c.result);
    CHECK(canonical(*own, c.address, AddressKind::envelope_recipient) == c.address);
  }
}

TEST_CASE("aliases expand until nothing changes") {
  const auto own = rewriter(
      "virtual_alias_maps = inline:{ {list@v.example=ann@a.example, bob, list2@v.example},\n"
      "  {list2@v.example=eve@a.example, ann@a.example}, info@v.example=ann, @all.example=box@a.example,\n"
      "  @moved.example=@a.example, {self@v.example=self@v.example, copy@a.example},\n"
      "  {quoted@v.example=\"two words\"@a.example}, {odd@v.example=|command}, {blank@v.example=x@a.example "
      "y@a.example},\n"
      "  ping@v.example=pong@v.example, pong@v.example=ping@v.example }\n");
  struct {
    std::string_view address, result;
  } const cases[] = {
      {"list@v.example", "ann@a.example bob@home.example eve@a.example ann@a.example"},
      {"info+x@v.example", "ann+x@home.example"},
      {"any+x@all.example", "box@a.example"},
      {"any+x@moved.example", "any+x@a.example"},
      {"self@v.example", "self@v.example copy@a.example"},
      {"Self@V.example", "self@v.example copy@a.example"},
      {"quoted@v.example", "two words@a.example"},
      {"odd@v.example", "|command@home.example"},
      {"blank@v.example", "x@a.example y@a.example"},
      {"none@v.example", "none@v.example"},
      {"ping@v.example",
       "error: unreasonable virtual_alias_maps map nesting for ping@v.example -- message not accepted, try "
       "again "
       "later"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.address);
    CHECK(expanded(*own, c.address) == c.result);
  }
  CHECK(expanded(
            *rewriter(
                "propagate_unmatched_extensions =\nvirtual_alias_maps = inline:{a@v.example=b@a.example}\n"),
            "a+x@v.example") == "b@a.example");
}

TEST_CASE("an expansion has its limits") {
  const std::string aliases =
      "virtual_alias_maps = inline:{ {three@v.example=a@x.example, b@x.example, c@x.example},\n"
      "  one@v.example=two@v.example, two@v.example=end@v.example }\n";
  const auto wide = rewriter(aliases + "virtual_alias_expansion_limit = 2\n");
  CHECK(expanded(*wide, "three@v.example") ==
        "error: unreasonable virtual_alias_maps map expansion size for three@v.example -- message not "
        "accepted, try "
        "again later");
  CHECK(expanded(*rewriter(aliases + "virtual_alias_expansion_limit = 3\n"), "three@v.example") ==
        "a@x.example b@x.example c@x.example");
  CHECK(expanded(*rewriter(aliases + "virtual_alias_recursion_limit = 2\n"), "one@v.example") ==
        "error: unreasonable virtual_alias_maps map nesting for one@v.example -- message not accepted, try "
        "again "
        "later");
  CHECK(expanded(*rewriter(aliases + "virtual_alias_address_length_limit = 12\n"), "one@v.example")
            .starts_with("error: unreasonable virtual_alias_maps result two@v.example"));
}

TEST_CASE("copies are found by the address that was made canonical") {
  const auto own = rewriter(
      "sender_bcc_maps = inline:{ann@a.example=copy@b.example, @c.example=all}\n"
      "recipient_bcc_maps = inline:{bob=keeper@b.example}\n");
  CHECK(answer(own->bcc_of_sender("ann+x@a.example")).value() == "copy@b.example");
  CHECK(answer(own->bcc_of_sender("x@c.example")).value() == "all");
  CHECK(answer(own->bcc_of_sender("bob@home.example")).value() == std::nullopt);
  CHECK(answer(own->bcc_of_sender("")).value() == std::nullopt);
  CHECK(answer(own->bcc_of_recipient("bob@home.example")).value() == "keeper@b.example");
}

TEST_CASE("a table that fails keeps the message out") {
  const auto own =
      rewriter("canonical_maps = fail:down\nvirtual_alias_maps = fail:down\nsender_bcc_maps = fail:down\n");
  const std::string_view end =
      " map lookup problem for ann@a.example -- message not accepted, try again later";
  CHECK(canonical(*own, "ann@a.example") == concat("error: canonical_maps", end));
  CHECK(expanded(*own, "ann@a.example") == concat("error: virtual_alias_maps", end));
  CHECK(answer(own->bcc_of_sender("ann@a.example")).error().text == concat("sender_bcc_maps", end));
}
