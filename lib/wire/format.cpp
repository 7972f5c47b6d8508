#include "lib/wire/format.h"

#include "lib/base/text.h"
#include "lib/wire/xtext.h"

namespace postern::wire {

namespace {

std::string notify_words(const mail::Notify& notify) {
  if (notify.never) return "NEVER";
  std::string words;
  if (notify.success) words += "SUCCESS,";
  if (notify.failure) words += "FAILURE,";
  if (notify.delay) words += "DELAY,";
  words.pop_back();
  return words;
}

// RFC 3461 4.2: the type of address stays as it is, the address becomes xtext.
std::string orcpt_text(std::string_view orcpt) {
  const auto type = orcpt.substr(0, orcpt.find(';'));
  if (type.size() == orcpt.size()) return concat("rfc822;", encode_xtext(orcpt));
  return concat(type, ';', encode_xtext(orcpt.substr(type.size() + 1)));
}

}  // namespace

std::string format_command(const Mail& command) {
  std::string line = concat("MAIL FROM:<", command.address.quoted(), '>');
  if (command.size > 0) line += concat(" SIZE=", command.size);
  if (command.body == mail::BodyType::seven_bit) line += " BODY=7BIT";
  if (command.body == mail::BodyType::eight_bit_mime) line += " BODY=8BITMIME";
  if (command.smtputf8) line += " SMTPUTF8";
  if (command.ret == mail::Return::full) line += " RET=FULL";
  if (command.ret == mail::Return::headers) line += " RET=HDRS";
  if (!command.envid.empty()) line += concat(" ENVID=", encode_xtext(command.envid));
  if (!command.auth.empty()) line += concat(" AUTH=", encode_xtext(command.auth));
  return line;
}

std::string format_command(const Rcpt& command) {
  std::string line = concat("RCPT TO:<", command.address.quoted(), '>');
  if (command.notify.given()) line += concat(" NOTIFY=", notify_words(command.notify));
  if (!command.orcpt.empty()) line += concat(" ORCPT=", orcpt_text(command.orcpt));
  return line;
}

std::string format_command(const Bdat& command) {
  return concat("BDAT ", command.size, command.last ? " LAST" : "");
}

}  // namespace postern::wire
