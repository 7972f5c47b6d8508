#include "queue/cleanup/envelope.h"

#include "lib/base/text.h"
#include "tests/lib/table/answer.h"
#include "tests/queue/cleanup/settings.h"

using namespace postern;
using namespace postern::cleanup;

namespace {

ipc::Recipient to(std::string address, std::string notify = "", std::string orcpt = "") {
  ipc::Recipient recipient;
  recipient.address = recipient.original = std::move(address);
  recipient.notify = std::move(notify);
  recipient.orcpt = std::move(orcpt);
  return recipient;
}

// "address<original" with ",NOTIFY" and ",ORCPT" if they are there, joined by blanks.
std::string text_of(const std::vector<ipc::Recipient>& recipients) {
  std::string out;
  for (const auto& r : recipients) {
    out += concat(out.empty() ? "" : " ", r.address, '<', r.original);
    if (!r.notify.empty()) out += concat(',', r.notify);
    if (!r.orcpt.empty()) out += concat(',', r.orcpt);
  }
  return out;
}

struct Made {
  std::string sender, recipients, expanded, first, log, reply;
};

Made make(const std::string& main_cf, const std::vector<ipc::Recipient>& recipients, Addressing how = {},
          std::string_view sender = "ann@a.example") {
  const auto rewriter = testing::rewriter(main_cf);
  Envelope envelope(*rewriter, how);
  if (!answer(envelope.fill(sender, recipients))) {
    return {{}, {}, {}, {}, envelope.refused().log, envelope.refused().reply};
  }
  return {envelope.sender(),
          text_of(envelope.take_recipients()),
          text_of(envelope.take_expanded()),
          envelope.first_recipient(),
          {},
          {}};
}

Addressing with_copies() {
  Addressing how;
  how.copies = true;
  return how;
}

}  // namespace

TEST_CASE("Addresses are completed, and originals stay as they were given") {
  const auto made = make("append_dot_mydomain = yes\nmydomain = d.example\n",
                         {to("bob"), to("eve@host"), to("Joe@X.example."), to("")}, {}, "ann");
  CHECK(made.sender == "ann@home.example");
  CHECK(made.recipients ==
        "bob@home.example<bob eve@host.d.example<eve@host Joe@X.example<Joe@X.example. "
        "MAILER-DAEMON@home.example<");
  CHECK(made.first == "bob@home.example");
  CHECK(make("", {to("a@b")}, {}, "").sender.empty());
}

TEST_CASE("Who is named twice is a recipient once, unless something else was asked for") {
  const std::vector<ipc::Recipient> all = {to("bob@x"), to("ann@x"), to("Bob@X"), to("bob@x", "NEVER"),
                                           to("ann@x")};
  CHECK(make("", all).recipients == "bob@x<bob@x ann@x<ann@x bob@x<bob@x,NEVER");
  Addressing how;
  how.keep_original = false;
  CHECK(make("", all, how).recipients == "bob@x<bob@x ann@x<ann@x");
  how.remembered = 1;
  CHECK(make("", all, how).recipients == "bob@x<bob@x ann@x<ann@x ann@x<ann@x");
}

TEST_CASE("Aliases of one keep what was asked for; of several, success is told at once") {
  const std::string aliases =
      "virtual_alias_maps = inline:{ one@v.example=end@x.example, {two@v.example=a@x.example, b@x.example} "
      "}\n";
  CHECK(make(aliases, {to("one@v.example", "SUCCESS,FAILURE", "rfc822;one")}).recipients ==
        "end@x.example<one@v.example,SUCCESS,FAILURE,rfc822;one");
  const auto two = make(aliases, {to("two@v.example", "SUCCESS,DELAY", "rfc822;two"),
                                  to("two@v.example", "SUCCESS"), to("two@v.example", "FAILURE")});
  CHECK(two.recipients ==
        "a@x.example<two@v.example,DELAY,rfc822;two b@x.example<two@v.example,DELAY,rfc822;two "
        "a@x.example<two@v.example,NEVER b@x.example<two@v.example,NEVER "
        "a@x.example<two@v.example,FAILURE b@x.example<two@v.example,FAILURE");
  CHECK(two.expanded ==
        "two@v.example<two@v.example,SUCCESS,DELAY,rfc822;two two@v.example<two@v.example,SUCCESS");
  Addressing how;
  how.map = false;
  CHECK(make(aliases, {to("one@v.example")}, how).recipients == "one@v.example<one@v.example");
}

TEST_CASE("Canonical forms come before aliases and copies") {
  const std::string maps =
      "canonical_maps = inline:{ann@a.example=Ann.Lee@new.example, bob@v.example=b@v.example}\n"
      "virtual_alias_maps = inline:{b@v.example=end@x.example, keep@v.example=kept@x.example}\n"
      "sender_bcc_maps = inline:{Ann.Lee@new.example=sent}\n"
      "recipient_bcc_maps = inline:{b@v.example=keep@v.example}\n";
  const auto made = make(maps, {to("bob@v.example")}, with_copies());
  CHECK(made.sender == "Ann.Lee@new.example");
  CHECK(made.first == "b@v.example");
  CHECK(made.recipients ==
        "end@x.example<bob@v.example kept@x.example<keep@v.example,NEVER sent@home.example<sent,NEVER");
  CHECK(make(maps, {to("bob@v.example")}).recipients == "end@x.example<bob@v.example");
  Addressing how = with_copies();
  how.always_bcc = "archive";
  CHECK(make("", {to("bob@v.example")}, how).recipients ==
        "bob@v.example<bob@v.example archive@home.example<archive,NEVER");
}

TEST_CASE("A redirected message has one recipient") {
  const auto rewriter = testing::rewriter("");
  const Addressing how;
  Envelope envelope(*rewriter, how);
  CHECK(answer(envelope.fill("ann@a.example", {to("bob"), to("eve@x.example", "NEVER")})));
  envelope.redirect("trap");
  CHECK(text_of(envelope.take_recipients()) == "trap@home.example<bob");
}

TEST_CASE("A table that fails, or an alias without end, refuses the message for now") {
  const auto lookup = make("canonical_maps = fail:down\n", {to("bob@x.example")});
  CHECK(lookup.log ==
        "canonical_maps map lookup problem for ann@a.example -- message not accepted, try again later");
  CHECK(lookup.reply.empty());
  const auto loop = make("virtual_alias_maps = inline:{a@v.example=b@v.example, b@v.example=a@v.example}\n",
                         {to("a@v.example")});
  CHECK(
      loop.log ==
      "unreasonable virtual_alias_maps map nesting for a@v.example -- message not accepted, try again later");
  CHECK(loop.reply == "4.6.0 Alias expansion error");
}
