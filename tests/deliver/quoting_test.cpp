#include <doctest/doctest.h>

#include "deliver/common/content.h"
#include "deliver/common/mbox.h"

using namespace postern;
using namespace postern::deliver;

namespace {

// The text as it stands in a mailbox, when it arrives in pieces of `size` bytes.
std::string quoted(std::string_view text, std::size_t size) {
  FromQuoter quoter;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += size) quoter.feed(text.substr(at, size), out);
  quoter.finish(out);
  return out;
}

}  // namespace

TEST_CASE("lines that begin with From are quoted, however they arrive") {
  struct {
    std::string_view text, quoted;
  } const cases[] = {
      {"From me\n", ">From me\n\n"},
      {"a\nFrom me\nb\n", "a\n>From me\nb\n\n"},
      {"a\nFrom: me\nFro\nFromm\n", "a\nFrom: me\nFro\nFromm\n\n"},
      {"not From me\n >From\n", "not From me\n >From\n\n"},
      {"From From \nFrom ", ">From From \n>From \n\n"},
      {"FFrom \n\n\nFrom \n", "FFrom \n\n\n>From \n\n"},
      {"no end", "no end\n\n"},
      {"From", "From\n\n"},
      {"", "\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    for (const std::size_t size : {1u, 2u, 3u, 5u, 7u, 100u}) CHECK(quoted(c.text, size) == c.quoted);
  }
}

TEST_CASE("an mbox message begins with its sender and the time") {
  const auto line = from_line("ann@example.com", 1'795'406'400'000'000);
  CHECK(line.starts_with("From ann@example.com  "));
  CHECK(line.ends_with(" 2026\n"));
  CHECK(from_line("", 0).starts_with("From MAILER-DAEMON  "));
  CHECK(from_line("a b@x", 0).starts_with("From \"a b\"@x  "));
  CHECK(from_line("a\nb@x", 0).find('\n') == from_line("a\nb@x", 0).size() - 1);
}

TEST_CASE("trace fields name the envelope, and cannot be broken by it") {
  ipc::Deliver message;
  ipc::DeliverTo to;
  to.address = "ann@example.com";
  CHECK(trace_header(message, to) == "Return-Path: <>\nDelivered-To: ann@example.com\n");
  message.sender = "a b@x";
  to.original = "info@x\nBcc: y@z";
  const auto head = trace_header(message, to);
  CHECK(head.starts_with("Return-Path: <\"a b\"@x>\nX-Original-To: "));
  CHECK(std::count(head.begin(), head.end(), '\n') == 3);
}

TEST_CASE("a message that was here before is known by its Delivered-To") {
  struct {
    std::string_view content;
    bool seen;
  } const cases[] = {
      {"Delivered-To: ann@example.com\n\n", true},
      {"Subject: x\ndelivered-to:\n Ann@Example.com \nX: y\n\nbody\n", true},
      {"Delivered-To: bob@example.com\nDelivered-To: ann@example.com\n\n", true},
      {"Delivered-To: bob@example.com\n\nDelivered-To: ann@example.com\n", false},
      {"X-Delivered-To: ann@example.com\n\n", false},
      {"", false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.content);
    ipc::Deliver message;
    message.content = c.content;
    CHECK(was_delivered_to(message, "ann@example.com") == c.seen);
  }
}
