// The address lists of header fields (RFC 5322 3.4): From, To, Cc and the like, with groups, comments and the
// obsolete forms of 4.4. Each mailbox comes with the place of its address in the field, so that a rewriter
// can change the address and leave every other byte alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/mail/address.h"

namespace postern::mail {

struct Mailbox {
  std::string name;  // display name, words joined by blanks, quotes and comments removed; may be empty
  Address address;
  std::size_t at = 0;      // the address as written, without < > and source route …
  std::size_t length = 0;  // … in the text that was parsed

  bool operator==(const Mailbox&) const = default;
};

struct ListLimits {
  std::size_t bytes = 102400;  // of the text (header_size_limit)
  std::size_t mailboxes = 10000;
  std::size_t nesting = 20;  // of comments
};

// All mailboxes of a list, those in groups included. Empty entries are passed over; "<>" and an empty group
// give none. Folded text is welcome. Fails with invalid when the text is not a list and with too_long beyond
// a limit: a rewriter then leaves the field as it is.
Result<std::vector<Mailbox>> parse_mailbox_list(std::string_view text, ListLimits limits = {});

}  // namespace postern::mail
