// The words that lists of restrictions are made of: smtpd_recipient_restrictions and its like.
#pragma once

#include <span>
#include <string_view>

namespace postern::config {

// What stands behind a word: nothing, TYPE:NAME, the address of a policy service, or a text of another kind.
enum class Argument { none, table, service, text };

struct RestrictionWord {
  std::string_view name;
  Argument argument = Argument::none;
  bool is_here = false;  // smtpd of this version obeys it
};

// All words of Postfix.
std::span<const RestrictionWord> restriction_words();
// Letters in either case. Null when there is no such word.
const RestrictionWord* find_restriction(std::string_view name);

}  // namespace postern::config
