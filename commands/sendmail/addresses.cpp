#include "commands/sendmail/addresses.h"

#include "lib/base/text.h"
#include "lib/mail/address_list.h"
#include "lib/mail/header.h"

namespace postern::sendmail {

namespace {

constexpr mail::ListLimits kLimits{8u << 20, 100'000, 20};

// What stands in <>, or the whole, as long as it is one word. A route in front of it is passed over (RFC 5321 4.1.1.3).
std::string one_address(std::string_view text) {
  const auto open = text.rfind('<');
  const auto close = text.find('>', open == std::string_view::npos ? 0 : open);
  if (open != std::string_view::npos && close != std::string_view::npos) {
    text = text.substr(open + 1, close - open - 1);
  }
  text = trim(text);
  const auto route = text.starts_with('@') ? text.find(':') : std::string_view::npos;
  if (route != std::string_view::npos) text.remove_prefix(route + 1);
  return text.find_first_of(" \t\r\n") == std::string_view::npos ? std::string(text) : std::string();
}

bool is_recipients(const mail::HeaderField& field, std::string_view prefix) {
  for (const std::string_view name : {"To", "Cc", "Bcc"}) {
    if (field.is(concat(prefix, name))) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> addresses_in(std::string_view text) {
  std::vector<std::string> found;
  if (const auto mailboxes = mail::parse_mailbox_list(text, kLimits)) {
    for (const mail::Mailbox& mailbox : *mailboxes) {
      if (!mailbox.address.null()) found.push_back(mailbox.address.text());
    }
    return found;
  }
  for (const auto part : split_words(text, ",")) {
    std::string address = one_address(part);
    if (!address.empty()) found.push_back(std::move(address));
  }
  return found;
}

std::vector<std::string> recipients_in(std::string_view header) {
  const mail::HeaderLimits limits{8u << 20, 8u << 20};
  const bool resent = mail::header_facts(header, limits).resent;
  std::vector<std::string> found;
  mail::HeaderWalk walk(header, limits);
  while (const auto field = walk.next()) {
    if (!is_recipients(*field, resent ? "Resent-" : "")) continue;
    const std::vector<std::string> here = addresses_in(field->value);
    found.insert(found.end(), here.begin(), here.end());
  }
  return found;
}

}  // namespace postern::sendmail
