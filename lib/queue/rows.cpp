#include "lib/queue/rows.h"

namespace postern::queue {

Message message_of(const Statement& row) {
  Message message;
  message.id = row.number(0);
  message.arrived = row.number(1);
  message.size = row.number(2);
  message.attempts = static_cast<int>(row.number(3));
  message.spooled = row.number(4) != 0;
  message.smtputf8 = row.number(5) != 0;
  message.sender = row.text(6);
  message.body_type = row.text(7);
  message.envid = row.text(8);
  message.ret = row.text(9);
  message.held = row.number(10) != 0;
  message.forced_expire = row.number(11) != 0;
  message.warned = row.number(12) != 0;
  message.source = static_cast<int>(row.number(13));
  message.purpose = static_cast<int>(row.number(14));
  message.filter = row.text(15);
  message.message_id = row.text(16);
  message.subject = row.text(17);
  message.client.name = row.text(18);
  message.client.address = row.text(19);
  message.client.port = row.number(20);
  message.client.helo = row.text(21);
  message.client.protocol = row.text(22);
  message.client.sasl_method = row.text(23);
  message.client.sasl_username = row.text(24);
  message.client.sasl_sender = row.text(25);
  message.has_content = false;
  return message;
}

Recipient recipient_of(const Statement& row) {
  Recipient recipient;
  recipient.number = row.number(0);
  recipient.state = static_cast<RecipientState>(row.number(1));
  recipient.address = row.text(2);
  recipient.original = row.text(3);
  recipient.notify = row.text(4);
  recipient.orcpt = row.text(5);
  recipient.dsn = row.text(6);
  recipient.reason = row.text(7);
  recipient.transport = row.text(8);
  recipient.nexthop = row.text(9);
  recipient.remote_mta = row.text(10);
  recipient.diagnostic = row.text(11);
  recipient.arrival = static_cast<int>(row.number(12));
  return recipient;
}

}  // namespace postern::queue
