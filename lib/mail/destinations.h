// Where mail for an alias goes, as aliases(5) and .forward files say it: addresses, "|command", /file/name and
// :include:/file/name, separated by commas.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern::mail {

enum class DestinationKind {
  address,  // in its internal form, perhaps without a domain
  user,     // \name: the mailbox of this user, whatever aliases say
  command,  // without the '|'
  file,     // an absolute path, or ~/path
  include,  // a path
  faulty,   // none of these: the text as it stands
};

struct Destination {
  DestinationKind kind = DestinationKind::address;
  std::string text;

  bool operator==(const Destination&) const = default;
};

// All destinations of a text, in order. Quotes hold together what has blanks and commas in it, and may stand around all of
// an entry ("|cmd a b") or around a part of it (|"cmd a b"); inside them a backslash takes the next character as it is.
// Comments ( ) are left out, and so is everything of an address but the address itself. Any text is welcome.
std::vector<Destination> parse_destinations(std::string_view text);

// The same for the text of a file, line by line. A line that begins with '#' is a comment.
std::vector<Destination> parse_destination_lines(std::string_view text);

}  // namespace postern::mail
