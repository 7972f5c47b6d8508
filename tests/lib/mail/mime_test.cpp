#include "lib/mail/mime.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"

using namespace postern;
using mail::MimeLimits;
using mail::MimePiece;
using mail::MimeReader;

namespace {

// A line for each piece: P, M or N for a field, B and its offset for a line of a body, - for others.
std::string pieces(std::string_view message, MimeLimits limits = {}, std::size_t chunk = 100000) {
  MimeReader reader(limits);
  std::string out, all;
  const auto drain = [&] {
    while (const auto piece = reader.next()) {
      all += piece->raw;
      const char kind = "PMNB-"[static_cast<int>(piece->kind)];
      out += kind;
      if (kind == 'B') out += std::to_string(piece->at);
      out += " " + printable(piece->text) + "\n";
    }
  };
  for (std::size_t at = 0; at < message.size(); at += chunk) {
    reader.feed(message.substr(at, chunk));
    drain();
  }
  reader.finish();
  drain();
  CHECK(all == message);
  CHECK(reader.unread() == 0);
  return out;
}

constexpr std::string_view kMixed =
    "Subject: x\n folded\nMIME-Version: 1.0\nContent-Type: multipart/mixed;\n\tboundary=\"b 1\"\n\npreamble\n"
    "--b 1\nContent-Type: text/plain\nX-Own: y\n\nhello\nworld\n--b 1\n\nplain\n"
    "--b 1\nContent-Type: message/rfc822\n\nSubject: inner\nContent-Type: multipart/alternative; "
    "boundary=b2\n\n"
    "--b2 \nX: 1\n\ninner text\n--b2--\nepilogue\n--b 1--\nend\n";

constexpr std::string_view kMixedPieces =
    "P Subject: x? folded\nM MIME-Version: 1.0\nM Content-Type: multipart/mixed;??boundary=\"b 1\"\n- \nB0 "
    "preamble\n"
    "B0 --b 1\nM Content-Type: text/plain\nM X-Own: y\nB0 \nB0 hello\nB6 world\nB0 --b 1\nB0 \nB0 plain\n"
    "B0 --b 1\nM Content-Type: message/rfc822\nB0 \nN Subject: inner\n"
    "M Content-Type: multipart/alternative; boundary=b2\nB0 \nB0 --b2 \nM X: 1\nB0 \nB0 inner text\nB0 "
    "--b2--\n"
    "B7 epilogue\nB0 --b 1--\nB8 end\n";

}  // namespace

TEST_CASE("A message comes in pieces that say where they stand, however it is fed") {
  for (const std::size_t chunk : {100000u, 1u, 7u, 64u}) {
    CAPTURE(chunk);
    CHECK(pieces(kMixed, {}, chunk) == kMixedPieces);
  }
}

TEST_CASE("Without structure all behind the first header block is one body") {
  MimeLimits limits;
  limits.structure = false;
  CHECK(pieces("Content-Type: multipart/mixed; boundary=b\n\n--b\nX: y\n\nt\n", limits) ==
        "P Content-Type: multipart/mixed; boundary=b\n- \nB0 --b\nB4 X: y\nB9 \nB10 t\n");
}

TEST_CASE("What is no MIME is taken as it comes") {
  struct {
    std::string_view message, pieces;
  } const cases[] = {
      {"", ""},
      {"\nbody\n", "- \nB0 body\n"},
      {"Subject: x", "P Subject: x\n"},
      {"Subject: x\nno field\nX: y\n", "P Subject: x\nB0 no field\nB9 X: y\n"},
      {"From ann Mon\nX: y\n\nFrom z\n", "- From ann Mon\nP X: y\n- \nB0 From z\n"},
      {"X: y\n\nlast", "P X: y\n- \nB0 last\n"},
      {"Content-Type: multipart/mixed\n\n--\n", "M Content-Type: multipart/mixed\n- \nB0 --\n"},
      {"Content-Type: multipart/mixed; boundary=b\nX: y\n--b\nZ: 1\n\nt\n",
       "M Content-Type: multipart/mixed; boundary=b\nP X: y\nB0 --b\nB4 Z: 1\nB9 \nB10 t\n"},
      {"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: d\n\nt\n--b\nContent-Type: "
       "text/plain\n\n"
       "X: y\n",
       "M Content-Type: multipart/digest; boundary=b\n- \nB0 --b\nB0 \nN Subject: d\nB0 \nB0 t\nB0 --b\n"
       "M Content-Type: text/plain\nB0 \nB0 X: y\n"},
      {"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nX: y\n",
       "M Content-Type: message/rfc822\nM Content-Transfer-Encoding: base64\n- \nB0 X: y\n"},
      {"Content-Type: message/delivery-status\n\nX: y\n",
       "M Content-Type: message/delivery-status\n- \nB0 X: y\n"},
      {"Content-Type: multipart/mixed; boundary=\"a:b\"\n\n--a:b\nX: y\n--a:b--\nZ: z\n",
       "M Content-Type: multipart/mixed; boundary=\"a:b\"\n- \nB0 --a:b\nM X: y\nB0 --a:b--\nB8 Z: z\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.message);
    CHECK(pieces(c.message) == c.pieces);
    CHECK(pieces(c.message, {}, 1) == c.pieces);
  }
}

TEST_CASE("Fields, lines, boundaries and nesting have their limits") {
  MimeLimits limits{20, 10, 4, 2};
  CHECK(pieces("X: 0123456789012345678901234\n more\nY: z\n\n0123456789abcdefghijkl\nshort\n", limits) ==
        "P X: 01234567890123456\n- 78901234\n-  more\nP Y: z\n- \nB0 0123456789\nB10 abcdefghij\nB20 kl\nB23 "
        "short\n");
  // Deeper than two levels there are no parts; of a boundary four bytes count.
  const std::string_view deep =
      "Content-Type: multipart/a; boundary=aaaa1\n\n--aaaa2\nContent-Type: multipart/b; boundary=bb\n\n--bb\n"
      "Content-Type: multipart/c; boundary=c\n\n--c\nX: y\n";
  limits.field = 1000;
  CHECK(pieces(deep, limits) ==
        "M Content-Type: multipart/a; boundary=aaaa1\n- \nB0 --aaaa2\nM Content-Type: multipart/b; "
        "boundary=bb\nB0 \n"
        "B0 --bb\nM Content-Type: multipart/c; boundary=c\nB0 \nB0 --c\nB4 X: y\n");
}

TEST_CASE("A content type is read with quotes, comments and white space") {
  struct {
    std::string_view value, type, subtype, boundary;
  } const cases[] = {
      {" Multipart/Mixed; boundary=abc", "multipart", "mixed", "abc"},
      {"multipart / mixed (c) ; charset=x ; BOUNDARY = \"a \\\"b\"", "multipart", "mixed", "a \"b"},
      {"(x) text/plain", "text", "plain", ""},
      {"text", "text", "", ""},
      {"", "", "", ""},
      {"multipart/mixed; boundary", "multipart", "mixed", ""},
      {"multipart/mixed; boundary=\"open", "multipart", "mixed", "open"},
      {"multipart/mixed; boundary=a; boundary=b", "multipart", "mixed", "a"},
      {"multipart/mixed;\n\tboundary=\"a\n b\"", "multipart", "mixed", "a b"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.value);
    const auto found = mail::parse_content_type(c.value);
    CHECK(found.type == c.type);
    CHECK(found.subtype == c.subtype);
    CHECK(found.boundary == c.boundary);
  }
}
