#include "smtp/trouble.h"

#include "lib/base/text.h"

namespace postern::smtp {

Trouble trouble(std::string_view dsn, std::string text) {
  Trouble made;
  made.dsn = dsn;
  made.text = std::move(text);
  return made;
}

Trouble message_trouble(std::string_view dsn, std::string text) {
  Trouble made = trouble(dsn, std::move(text));
  made.of_site = false;
  return made;
}

std::string dsn_of(const wire::Reply& reply) {
  if (reply.dsn.given()) return reply.dsn.text();
  return concat(reply.code / 100, ".0.0");
}

Trouble refused(const Host& host, const wire::Reply& reply, std::string text) {
  Trouble made = trouble(dsn_of(reply), std::move(text));
  if (made.dsn[0] == '2') made.text.insert(0, "Protocol error: ");
  if (made.dsn[0] != '4' && made.dsn[0] != '5') made.dsn = "5.5.0";
  made.remote_mta = host.name;
  made.diagnostic = concat("smtp; ", reply.text());
  return made;
}

Trouble said(const Host& host, const wire::Reply& reply, std::string_view command) {
  Trouble made = refused(
      host, reply, concat("host ", host.label(), " said: ", reply.text(), " (in reply to ", command, ")"));
  made.of_site = false;
  return made;
}

}  // namespace postern::smtp
