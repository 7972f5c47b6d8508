// The text behind a refusal that smtpd_reject_footer and postscreen_reject_footer give: how to get help, and what to
// quote then.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace postern::wire {

// The value of a $name in a footer.
using FooterValue = std::function<std::string(std::string_view name)>;

// True for a reply that gets a footer: a refusal, temporary or permanent.
constexpr bool takes_footer(std::string_view reply) {
  return !reply.empty() && (reply.front() == '4' || reply.front() == '5');
}

// Adds a footer to a whole reply, which ends in CR LF. `\n` in the template begins another line, with the reply's code
// and enhanced code; a template that begins with `\c` goes on in the reply's last line. Bytes of values that are not in
// `filter` become '_' (all that do not belong into a reply become '?'). A template that has no form is not added.
void add_footer(std::string& reply, std::string_view text, std::string_view filter, const FooterValue& value);

// The local time as $localtime shows it: "Nov 26 05:50:34".
std::string footer_time();

}  // namespace postern::wire
