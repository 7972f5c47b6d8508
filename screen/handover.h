// Gives clients to a server: the connection travels with what was said on it, and the server goes on as if it had been
// there from the start. Whoever hands over waits until the server has taken the session; what the server then finds
// in the tests that were left to it comes later, and costs a few hundred bytes a session until then.
#pragma once

#include <memory>
#include <string>

#include "lib/ipc/messages/handed_over.h"
#include "lib/net/loop.h"
#include "lib/net/scope.h"
#include "lib/net/task.h"

namespace postern::screen {

// What a server tells about a session that it has. Called from the loop; it may not destroy the Handover. It is destroyed
// when there is no more to come, which is also how a server that died looks.
class Sequel {
 public:
  virtual ~Sequel() = default;
  // The client failed a watched test: once a test at most. What is to be done about it, the server does.
  virtual void failed(const ipc::Offence& offence) = 0;
  // The watched tests without a failure are passed; nothing comes after it.
  virtual void passed(const ipc::Watched& watched) = 0;
};

class Channel;

class Handover {
 public:
  // `service`: smtpd_service_name, a service of type pass. The current directory is the queue directory.
  Handover(net::Loop& loop, const std::string& service);
  ~Handover();
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  // Hands `session`, the client's socket, to a server, and ends when the server has taken it: then the caller closes its
  // own descriptor without a word. `state.session` stays unset; `state.client_address` is empty unless a proxy named the
  // client. A state that says nothing (is_plain) travels as a bare session, so that any service of type pass will do.
  // `sequel` is for the tests that `state` leaves to the server, and may be null.
  // Fails, each failure logged here, with
  //   busy: there is no server, or none took the connection within a second ("All server ports are busy");
  //   full, io: no resources of ours, or two servers ended before they took it ("No system resources"): so far nobody but
  //     the caller has spoken with the client;
  //   timeout: a server has the session in its queue since kTakeLimit; the caller closes its descriptor without a word.
  net::Task<Result<void>> give(ipc::HandedOver state, int session, std::unique_ptr<Sequel> sequel);

  // Sessions from which something may still be heard.
  std::size_t watched() const { return watches_.size(); }

  // True when there is nothing that a server must know beyond the socket.
  static bool is_plain(const ipc::HandedOver& state);

 private:
  using Way = std::unique_ptr<Channel>;  // to a server

  net::Task<Result<Way>> send(std::string_view message, int session);
  net::Task<Result<bool>> is_taken(Channel& way, bool plain);
  net::Task<void> watch(Way way, std::unique_ptr<Sequel> sequel);
  Error complain(Errc kind, std::string_view what, const Error& why) const;

  net::Loop& loop_;
  std::string service_;
  net::Scope watches_;
};

// How long a server may take to accept a connection, and to take the session on it.
inline constexpr Duration kConnectLimit = seconds(1);
inline constexpr Duration kTakeLimit = seconds(100);

}  // namespace postern::screen
