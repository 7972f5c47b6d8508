// Who brought a message, as the queue has it and as messages between services carry it.
#pragma once

#include "lib/ipc/messages/envelope.h"
#include "lib/queue/message.h"

namespace postern::desk {

// The two structs have the same parts, by the same names.
template <class To, class From>
To same_client(const From& from) {
  To to;
  to.name = from.name;
  to.address = from.address;
  to.port = from.port;
  to.helo = from.helo;
  to.protocol = from.protocol;
  to.sasl_method = from.sasl_method;
  to.sasl_username = from.sasl_username;
  to.sasl_sender = from.sasl_sender;
  return to;
}

inline ipc::SmtpClient client_of(const queue::Client& stored) { return same_client<ipc::SmtpClient>(stored); }
inline queue::Client client_from(const ipc::SmtpClient& told) { return same_client<queue::Client>(told); }

}  // namespace postern::desk
