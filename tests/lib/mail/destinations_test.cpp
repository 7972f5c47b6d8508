#include "lib/mail/destinations.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"

using namespace postern;
using namespace postern::mail;

namespace {

std::string shown(const std::vector<Destination>& destinations) {
  static constexpr std::string_view kNames[] = {"", "user ", "command ", "file ", "include ", "faulty "};
  std::string out;
  for (const auto& one : destinations) {
    if (!out.empty()) out += " ; ";
    out += concat(kNames[static_cast<int>(one.kind)], one.text);
  }
  return out;
}

}  // namespace

TEST_CASE("the destinations of an alias") {
  const struct {
    std::string_view text, expected;
  } rows[] = {
      {"", ""},
      {" , ,", ""},
      {"root", "root"},
      {"ann, bob@example.com,  eve", "ann ; bob@example.com ; eve"},
      {"ann bob", "ann ; bob"},
      {"Ann Lee <ann@example.com>, \"Lee, Bob\" <bob@example.com>", "ann@example.com ; bob@example.com"},
      {"friends: ann@x.org, bob@x.org;", "ann@x.org ; bob@x.org"},
      {"ann (the first), bob (x, y)", "ann ; bob"},
      {"\\ann", "user ann"},
      {"\\ann, |/bin/true", "user ann ; command /bin/true"},
      {"\"|/usr/bin/vacation ann\"", "command /usr/bin/vacation ann"},
      {"|\"/usr/bin/vacation ann\"", "command /usr/bin/vacation ann"},
      {"|/usr/bin/procmail", "command /usr/bin/procmail"},
      {"\"| exec cat > \\\"a b\\\", c\"", "command exec cat > \"a b\", c"},
      {"\"|IFS=' ' && exec /usr/bin/procmail -f- || exit 75 #ann\"",
       "command IFS=' ' && exec /usr/bin/procmail -f- || exit 75 #ann"},
      {"\"|f (x)\"", "command f (x)"},
      {"/var/mail/archive", "file /var/mail/archive"},
      {"\"/var/mail/a b\", ~/Mail/", "file /var/mail/a b ; file ~/Mail/"},
      {":include:/etc/list", "include /etc/list"},
      {"\":include:/etc/list\", ann", "include /etc/list ; ann"},
      {":Include:/etc/list", "include /etc/list"},
      {"\"quoted user\"@example.com", "quoted user@example.com"},
      {"a@b@, ann", "faulty a@b@ ; ann"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(shown(parse_destinations(row.text)) == row.expected);
  }
}

TEST_CASE("the destinations of a file") {
  CHECK(shown(parse_destination_lines("# mine\nann, bob\n\n|/bin/true\n#eve\n\\ann\n")) ==
        "ann ; bob ; command /bin/true ; user ann");
}
