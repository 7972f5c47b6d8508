// The commands of a transaction: how they are written, how long their replies may take, and what the log calls them.
#include <algorithm>

#include "lib/base/text.h"
#include "lib/mail/address.h"
#include "lib/wire/xtext.h"
#include "smtp/transaction.h"

namespace postern::smtp {

namespace {

// The address as it was given, for ORCPT=. One beyond ASCII has a type of its own, which only SMTPUTF8 can carry (RFC 6533
// 3): as it is, but for what an xtext encodes. Empty: it cannot be said.
std::string original_text(std::string_view original, bool smtputf8) {
  const std::string quoted = mail::from_internal(original).quoted();
  const bool is_ascii = std::all_of(quoted.begin(), quoted.end(), [](char c) { return (c & 0x80) == 0; });
  if (is_ascii) return concat("rfc822;", wire::encode_xtext(quoted));
  if (!smtputf8) return {};
  std::string text = "utf-8;";
  for (const char c : quoted) {
    if ((c & 0x80) != 0) {
      text += c;
    } else if (c == '\\') {
      text += "\\x{5C}";
    } else {
      text += wire::encode_xtext(std::string_view(&c, 1));
    }
  }
  return text;
}

// Adds " NAME=VALUE", unless the value is none that can be said (RFC 5321 4.1.2, esmtp-value).
void add_parameter(std::string& line, std::string_view name, std::string_view value) {
  const bool good = std::none_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '=';
  });
  if (good && !value.empty()) line += concat(' ', name, '=', value);
}

}  // namespace

std::string Transaction::written(std::string_view address) const {
  if (!*setup_.session.quote_rfc821_envelope) return std::string(address);
  return mail::from_internal(address).quoted();
}

std::string Transaction::mail_command() const {
  const Features& can = session_.features;
  const ipc::Deliver& message = *letter_.message;
  std::string line = concat("MAIL FROM:<", written(letter_.sender), ">");
  if (can.size) line += concat(" SIZE=", message.size);
  if (can.eight_bit && letter_.eight_bit) {
    line += " BODY=8BITMIME";
  } else if (can.eight_bit && !message.body_type.empty()) {
    add_parameter(line, "BODY", message.body_type);
  }
  if (can.smtputf8 && message.smtputf8) line += " SMTPUTF8";
  if (can.dsn && !is_probe()) {
    add_parameter(line, "RET", message.ret);
    add_parameter(line, "ENVID", message.envid);
  }
  if (can.auth && *setup_.tls.send_dummy_mail_auth) line += " AUTH=<>";
  return line;
}

std::string Transaction::rcpt_command(std::size_t recipient) const {
  const LetterTo& to = letter_.to[recipient];
  const ipc::DeliverTo& asked = *to.asked;
  std::string line = concat("RCPT TO:<", written(to.address), ">");
  if (!session_.features.dsn || is_probe()) return line;
  add_parameter(line, "NOTIFY", asked.notify);
  if (!asked.orcpt.empty()) {
    add_parameter(line, "ORCPT", asked.orcpt);
  } else if (!asked.original.empty()) {
    const std::string original = original_text(asked.original, session_.features.smtputf8);
    if (!original.empty()) line += concat(" ORCPT=", original);
  }
  return line;
}

// Two commands, as long as the server knows some attribute of them.
std::vector<std::string> Transaction::xforward_commands() const {
  const auto& can = session_.features.xforward;
  const ipc::SmtpClient& client = letter_.message->client;
  const auto has = [&](std::string_view name) {
    return std::find(can.begin(), can.end(), name) != can.end();
  };
  const auto value = [](std::string_view text) {
    return text.empty() || text == "unknown" ? std::string("[UNAVAILABLE]") : wire::encode_xtext(text);
  };
  std::string first, second;
  const auto add = [&](std::string& to, std::string_view name, std::string_view text) {
    if (has(name)) to += concat(" ", name, "=", value(text));
  };
  add(first, "NAME", client.name);
  add(first, "ADDR",
      client.address.find(':') == std::string::npos ? client.address : concat("IPv6:", client.address));
  add(first, "PORT", client.port > 0 ? std::to_string(client.port) : std::string());
  add(second, "HELO", client.helo);
  add(second, "PROTO", client.protocol);
  add(second, "IDENT", setup_.id_text(letter_.message->queue_id));
  if (has("SOURCE")) second += concat(" SOURCE=", client.address.empty() ? "LOCAL" : "REMOTE");
  std::vector<std::string> commands;
  if (!first.empty()) commands.push_back(concat("XFORWARD", first));
  if (!second.empty()) commands.push_back(concat("XFORWARD", second));
  return commands;
}

Duration Transaction::limit_of(Verb verb) const {
  switch (verb) {
    case Verb::rset: return *setup_.session.rset_timeout;
    case Verb::xforward: return *setup_.session.xforward_timeout;
    case Verb::mail: return *setup_.session.mail_timeout;
    case Verb::rcpt: return *setup_.session.rcpt_timeout;
    case Verb::data: break;
  }
  return *setup_.session.data_init_timeout;
}

std::string_view Transaction::doing(Verb verb) const {
  switch (verb) {
    case Verb::rset: return "sending RSET";
    case Verb::xforward: return "sending XFORWARD name/address";
    case Verb::mail: return "sending MAIL FROM";
    case Verb::rcpt: return "sending RCPT TO";
    case Verb::data: break;
  }
  return "sending DATA command";
}

}  // namespace postern::smtp
