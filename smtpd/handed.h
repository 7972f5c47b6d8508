// What a session that screen began brings with it: what the client was promised, which tests of it are still to be watched,
// and the channel on which screen hears of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/ipc/messages/handed_over.h"
#include "lib/mail/status.h"
#include "lib/net/socket.h"
#include "lib/screening/tests.h"
#include "smtpd/tally.h"

namespace postern::smtpd {

// Of a command to which screen said yes and policy says no: which one it was.
enum class Promise : std::uint8_t { session, name, sender };

class Handed {
 public:
  Handed(const ipc::HandedOver& state, Fd channel);

  // Tells screen that the session is ours. To be called before anything is said to the client.
  void begin();

  // False: the client was told nothing of PIPELINING, and will not be.
  bool pipelining() const { return pipelining_; }

  // Our end of the connection as screen tells it, who may have it from a proxy; null: it is that of the socket.
  const net::Endpoint* server() const { return server_.get(); }

  bool watches(screening::Test test) const { return watched_.has(test); }
  // The client failed a test that is watched: tells screen, watches it no longer, and says what is to be done.
  // `after`: the command before; `text`: what the client sent.
  screening::Action fail(screening::Test test, std::string_view after, std::string_view text);
  // True when a test failed whose action is `enforce`: nothing may be delivered in this session.
  bool refuses() const { return refuses_; }
  // The watch ends, and what did not fail is passed: a message was accepted, or the session of a client that came to RCPT is
  // over. Later calls do nothing.
  void finish(bool accepted);

  // Keeps a refusal that the client has not heard: it believes that the promise holds. Of several the first stays.
  void hold(mail::Status refusal, Promise promise);
  // The refusal that answers this command; nothing when the command has an answer of its own. A command that ends what
  // was promised ends the refusal too.
  std::optional<mail::Status> held(Verb verb);
  // The client begins anew, within TLS: what it was promised for its name and its sender is void, and a refusal of these too.
  void forget_promises();
  bool holds(Promise promise) const { return refusal_ && promise_ == promise; }

 private:
  template <class Message>
  void tell(const Message& message);

  std::unique_ptr<net::Endpoint> server_;
  Fd channel_;  // empty when there is nothing more to say, or nobody to say it to
  screening::TestSet watched_, enforced_, dropped_;
  std::optional<mail::Status> refusal_;
  Promise promise_ = Promise::session;
  bool pipelining_;
  bool refuses_ = false;
};

}  // namespace postern::smtpd
