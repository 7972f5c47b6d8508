#include "lib/wire/content.h"

#include <doctest/doctest.h>

#include <ostream>
#include <random>

using namespace postern;
using wire::BareNewline;
using wire::ContentDecoder;
using wire::ContentEncoder;
using wire::Framing;

namespace {

struct Decoded {
  std::string text;
  std::size_t consumed = 0;
  bool ended = false;
  std::uint64_t size = 0, bare_lf = 0, bare_cr = 0;
  bool operator==(const Decoded&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Decoded& d) {
  return out << '"' << d.text << "\" consumed " << d.consumed << " ended " << d.ended << " size " << d.size
             << " lf " << d.bare_lf << " cr " << d.bare_cr;
}

// Feeds pieces whose lengths `next` gives, stopping at the end of data.
template <class Next>
Decoded decode(std::string_view wire, Framing framing, Next next) {
  ContentDecoder decoder(framing);
  Decoded got;
  while (!wire.empty() && !got.ended) {
    const auto piece = wire.substr(0, next());
    const auto before = got.text.size();
    const auto progress = decoder.feed(piece, got.text);
    CHECK(got.text.size() - before <= piece.size() + 2);
    got.consumed += progress.consumed;
    got.ended = progress.ended;
    wire.remove_prefix(progress.consumed);
    if (!got.ended) CHECK(progress.consumed == piece.size());
  }
  if (framing == Framing::counted) decoder.finish(got.text);
  got.size = decoder.size();
  got.bare_lf = decoder.bare_lf();
  got.bare_cr = decoder.bare_cr();
  return got;
}

Decoded decode(std::string_view wire, Framing framing = Framing::dots) {
  return decode(wire, framing, [&] { return wire.size(); });
}

// The rules once more, for a whole text, one line at a time.
Decoded reference(std::string_view wire) {
  Decoded got;
  bool after_crlf = true, at_start = true;
  while (got.consumed < wire.size()) {
    auto line = wire.substr(got.consumed);
    const auto lf = line.find('\n');
    const bool whole = lf != std::string_view::npos;
    line = line.substr(0, lf);
    got.consumed += line.size() + whole;
    got.size += line.size() + whole;
    if (whole && after_crlf && line == ".\r") {
      got.size -= 3;
      got.ended = true;
      break;
    }
    if (at_start && line.starts_with('.')) {
      line.remove_prefix(1);
      --got.size;
    }
    std::size_t returns = 0;
    while (returns < line.size() && line[line.size() - 1 - returns] == '\r') ++returns;
    const std::size_t forgiven = whole ? std::min<std::size_t>(returns, 2) : 0;
    if (whole && returns == 0) ++got.bare_lf;
    if (forgiven == 2) ++got.bare_cr;
    line.remove_suffix(forgiven);
    // At the end of the input one or two CRs wait for what comes next.
    if (!whole) line.remove_suffix(std::min<std::size_t>(returns, 2));
    for (const char c : line) {
      got.bare_cr += c == '\r';
      got.text += c == '\r' ? ' ' : c;
    }
    if (whole) got.text += '\n';
    after_crlf = returns > 0;
    at_start = whole;
  }
  return got;
}

std::string encode(std::string_view text, std::size_t piece) {
  ContentEncoder encoder;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece) encoder.feed(text.substr(at, piece), out);
  encoder.finish(out);
  return out;
}

std::string random_text(std::mt19937& random, std::string_view alphabet, std::size_t length) {
  std::string text;
  while (text.size() < length) text += alphabet[random() % alphabet.size()];
  return text;
}

}  // namespace

TEST_CASE("content becomes canonical text") {
  struct {
    std::string_view wire, text;
    bool ended;
  } const cases[] = {
      {".\r\n", "", true},
      {"a\r\n.\r\n", "a\n", true},
      {"\r\n.\r\n", "\n", true},
      {"a\r\n..\r\n.\r\n", "a\n.\n", true},
      {"..a\r\n.b\r\n...\r\n.\r\n", ".a\nb\n..\n", true},
      {"a.b\r\n c.\r\n.\r\n", "a.b\n c.\n", true},
      {"\r\n\r\n\r\n.\r\n", "\n\n\n", true},
      {"no end\r\n", "no end\n", false},
      {"a\r\n.", "a\n", false},
      {"a\r\n.\r", "a\n", false},
      {"a\rb\r\n.\r\n", "a b\n", true},
      {"a\r\r\nb\r\n.\r\n", "a\nb\n", true},
      {"a\r\r\r\nb\r\n.\r\n", "a \nb\n", true},
      {"\r\ra\r\n.\r\n", "  a\n", true},
      {"\r.\r\n.\r\n", " .\n", true},
      {std::string_view("a\0b\r\n\xff\r\n.\r\n", 11), std::string_view("a\0b\n\xff\n", 6), true},
  };
  for (const auto& row : cases) {
    const auto& [wire, text, ended] = row;
    CAPTURE(row.wire);
    const auto got = decode(wire);
    CHECK(got.text == text);
    CHECK(got.ended == ended);
    CHECK(got.consumed == wire.size());
    CHECK(got == reference(wire));
  }
}

TEST_CASE("only CR LF dot CR LF ends content: no smuggled message") {
  struct {
    std::string_view wire, text;
  } const cases[] = {
      {"a\n.\n", "a\n\n"},          {"a\n.\r\n", "a\n\n"},
      {"a\r\n.\n", "a\n\n"},        {"a\r.\r", "a ."},
      {"a\r.\r\n", "a .\n"},        {"a\r\n.\r", "a\n"},
      {"a\r\n.\rb\r\n", "a\n b\n"}, {"a\r\n.\r\r\n", "a\n\n"},
      {"a\r\n.\r\r\r\n", "a\n \n"}, {"a\n\r.\r\n", "a\n .\n"},
      {"a\r\n\r.\r\n", "a\n .\n"},  {"a\r\n .\r\n", "a\n .\n"},
      {"a\r\n. \r\n", "a\n \n"},    {std::string_view("a\r\n.\0\r\n", 7), std::string_view("a\n\0\n", 4)},
      {"a\r\n..\r\n", "a\n.\n"},    {"a\n..\n", "a\n.\n"},
      {"a\r\n\n.\r\n", "a\n\n\n"},
  };
  for (const auto& row : cases) {
    const auto& [wire, text] = row;
    CAPTURE(row.wire);
    const auto got = decode(wire);
    CHECK_FALSE(got.ended);
    CHECK(got.text == text);
    CHECK(got == reference(wire));
  }
}

TEST_CASE("what follows the end is left for the next command") {
  const auto got = decode("a\r\n.\r\nQUIT\r\n");
  CHECK(got.ended);
  CHECK(got.consumed == 6);
  CHECK(got.text == "a\n");
}

TEST_CASE("the size is that of RFC 1870: no stuffed dots, no final dot") {
  CHECK(decode(".\r\n").size == 0);
  CHECK(decode("ab\r\n.\r\n").size == 4);
  CHECK(decode("..\r\n...\r\n.\r\n").size == 7);
  CHECK(decode("a\nb\r\n.\r\n").size == 5);
}

TEST_CASE("a bare LF ends a line, is counted, and is refused when the policy says so") {
  for (const auto policy :
       {BareNewline::allow, BareNewline::normalize, BareNewline::note, BareNewline::refuse}) {
    ContentDecoder decoder(Framing::dots, policy);
    std::string text;
    CHECK(decoder.feed("a\r\n", text).consumed == 3);
    CHECK_FALSE(decoder.refused());
    CHECK_FALSE(decoder.noted());
    CHECK(decoder.feed("b\nc\r\n.\r\n", text).ended);
    CHECK(text == "a\nb\nc\n");
    CHECK(decoder.bare_lf() == 1);
    CHECK(decoder.refused() == (policy == BareNewline::refuse));
    CHECK(decoder.noted() == (policy == BareNewline::note));
  }
}

TEST_CASE("counted content keeps its dots and does not end") {
  const auto got = decode(".\r\n..\r\na\r\n.\r\nb", Framing::counted);
  CHECK_FALSE(got.ended);
  CHECK(got.text == ".\n..\na\n.\nb\n");
  CHECK(got.size == 16);  // the last line gets an end
  CHECK(decode("a\r\n", Framing::counted).text == "a\n");
  CHECK(decode("a\r", Framing::counted).text == "a \n");
  CHECK(decode("", Framing::counted).text == "");
}

TEST_CASE("every text of seven bytes decodes as the reference says, at every split") {
  constexpr std::string_view kBytes = "\r\n.a";
  std::string wire(7, ' ');
  std::size_t wrong = 0;
  for (unsigned number = 0; number < 1u << 14; ++number) {
    for (unsigned i = 0; i < 7; ++i) wire[i] = kBytes[number >> (2 * i) & 3];
    const auto want = reference(wire);
    wrong += decode(wire) != want;
    for (std::size_t cut = 1; cut < wire.size(); ++cut) {
      wrong += decode(wire, Framing::dots, [&] { return cut; }) != want;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("random content decodes as the reference says, in random pieces") {
  std::mt19937 random(20261123);
  for (int round = 0; round < 3000; ++round) {
    const auto alphabet = round % 2 ? "\r\n.ab" : "\r\nabcdefghijklmnopqrstuvwxyz.";
    const auto wire = random_text(random, alphabet, random() % 300);
    const auto want = reference(wire);
    const auto most = 1 + random() % 40;
    REQUIRE(decode(wire) == want);
    REQUIRE(decode(wire, Framing::dots, [&] { return 1 + random() % most; }) == want);
  }
}

TEST_CASE("text becomes content") {
  struct {
    std::string_view text, wire;
  } const cases[] = {
      {"", ".\r\n"},
      {"a\n", "a\r\n.\r\n"},
      {"a", "a\r\n.\r\n"},
      {".", "..\r\n.\r\n"},
      {".\n", "..\r\n.\r\n"},
      {"..\n.a\n", "...\r\n..a\r\n.\r\n"},
      {"\n\n", "\r\n\r\n.\r\n"},
      {"a.\n.b", "a.\r\n..b\r\n.\r\n"},
  };
  for (const auto& row : cases) {
    const auto& [text, wire] = row;
    CAPTURE(row.text);
    for (std::size_t piece = 1; piece < 8; ++piece) CHECK(encode(text, piece) == wire);
  }
}

TEST_CASE("what is encoded decodes to itself") {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    auto text = random_text(random, "\n..ab", random() % 200);
    if (!text.ends_with('\n')) text += '\n';
    const auto got = decode(encode(text, 1 + random() % 50));
    REQUIRE(got.ended);
    REQUIRE(got.text == text);
    REQUIRE(got.bare_lf == 0);
  }
}
