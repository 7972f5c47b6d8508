#include "queue/cleanup/header_addresses.h"

#include "lib/base/text.h"
#include "tests/lib/table/answer.h"
#include "tests/queue/cleanup/settings.h"

using namespace postern;
using namespace postern::cleanup;

namespace {

// The header block with its edits; "error: TEXT".
std::string rewritten(const std::string& main_cf, std::string_view message, bool map = true,
                      std::optional<mail::Completion> completion = std::nullopt) {
  const auto rewriter = testing::rewriter(main_cf);
  const auto how = completion.value_or(rewriter->completion());
  auto edits = answer(rewrite_header(message, {}, *rewriter, how, map));
  if (!edits) return "error: " + edits.error().text;
  std::string out;
  auto edit = edits->begin();
  mail::HeaderWalk walk(message);
  while (const auto field = walk.next()) {
    const bool edited = edit != edits->end() && edit->at == field->at;
    out += edited ? edit++->raw : std::string(field->raw);
  }
  CHECK(edit == edits->end());
  return out;
}

}  // namespace

TEST_CASE("Addresses without domains are completed, and all else stays as it is") {
  struct {
    std::string_view field, result;
  } const cases[] = {
      {"From: ann\n", "From: ann@home.example\n"},
      {"From: Ann Lee <ann>, (c) bob (d),\n\t\"x y\"@z.example\n",
       "From: Ann Lee <ann@home.example>, (c) bob@home.example (d),\n\t\"x y\"@z.example\n"},
      {"To: friends: ann, eve@x.example;\n", "To: friends: ann@home.example, eve@x.example;\n"},
      {"To: undisclosed-recipients:;\n", "To: undisclosed-recipients:;\n"},
      {"Cc: \"a b\"\n", "Cc: \"a b\"@home.example\n"},
      {"Reply-To: ann@x.example.\n", "Reply-To: ann@x.example\n"},
      {"Reply-To: ann%far.example\n", "Reply-To: ann@far.example\n"},
      {"X-Other: ann\n", "X-Other: ann\n"},
      {"Subject: ann\n", "Subject: ann\n"},
      {"To: ann bob\n", "To: ann bob\n"},
      {"To: <>\n", "To: <>\n"},
      {"To: ann@[192.0.2.1]\n", "To: ann@[192.0.2.1]\n"},
      {"Resent-To: ann", "Resent-To: ann@home.example"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.field);
    CHECK(rewritten("", c.field) == c.result);
  }
}

TEST_CASE("Tables rewrite senders and recipients of the header as their classes say") {
  const std::string maps =
      "sender_canonical_maps = inline:{ann@x.example=a.lee@new.example}\n"
      "recipient_canonical_maps = inline:{ann@x.example=annie@new.example}\n"
      "masquerade_domains = home.example\n";
  CHECK(rewritten(maps, "From: <ann@x.example>\nTo: ann@x.example, Joe <joe@host.home.example>\n") ==
        "From: <a.lee@new.example>\nTo: annie@new.example, Joe <joe@home.example>\n");
  CHECK(rewritten(maps, "From: <ann@x.example>\n", false) == "From: <ann@x.example>\n");
  CHECK(rewritten(maps + "masquerade_classes = envelope_sender\n", "To: joe@host.home.example\n") ==
        "To: joe@host.home.example\n");
  CHECK(
      rewritten("canonical_maps = fail:down\n", "From: ann@x.example\n") ==
      "error: canonical_maps map lookup problem for ann@x.example -- message not accepted, try again later");
}

TEST_CASE("Addresses of remote clients may be completed by another domain") {
  CHECK(rewritten("", "From: ann, bob@host\n", true, mail::Completion{"remote.invalid", "remote.invalid"}) ==
        "From: ann@remote.invalid, bob@host.remote.invalid\n");
}

TEST_CASE("A glance tells most addresses that need nothing") {
  for (const auto value : {"ann@x.example", "Ann <ann@x.example>, bob@y.example", "<a@b.c>,\n\tb@c.d"}) {
    CAPTURE(value);
    CHECK(looks_complete(value));
  }
  for (const auto value : {"ann", "Ann <ann>", "ann@x.example, bob", "ann@x", "ann@x.example.", "g: a@b.c;",
                           "\"a@b.c\" <d>", "(a@b.c) d", "a@[192.0.2.1]"}) {
    CAPTURE(value);
    CHECK_FALSE(looks_complete(value));
  }
}
