// A conversation with a server, from its greeting to QUIT: what RFC 5321, 2033 (LMTP), 3207 and 4954 say, in their order.
// Each verb returns what went wrong; after a trouble that is not about a single message the session is of no use.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "lib/net/stream.h"
#include "lib/net/task.h"
#include "lib/wire/reply.h"
#include "smtp/features.h"
#include "smtp/host.h"
#include "smtp/setup.h"
#include "smtp/trouble.h"

namespace postern::smtp {

using Answer = tl::expected<wire::Reply, Trouble>;

class Session {
 public:
  // Takes a connected socket. The setup outlives the session.
  Session(const Setup& setup, net::Loop& loop, Host host, Fd fd);

  // Reads the greeting.
  net::Task<Maybe> greeting();
  // Says EHLO (or LHLO), and HELO to a server that does not know that.
  net::Task<Maybe> hello();

  // Adds a command, with CR LF, to what is sent before the next reply is waited for.
  void put(std::string_view command);
  // The next reply, however long its commands are under way: one limit for sending what was put and for the whole reply.
  // `doing` is what the log says of a connection that breaks: "sending RCPT TO". Views are of constants.
  net::Task<Answer> reply(Duration limit, std::string_view doing);
  // put() and reply().
  net::Task<Answer> ask(std::string command, Duration limit, std::string_view doing);
  // The end of a wait of this length: never later than the end of the delivery.
  Deadline until(Duration limit);
  // Moves the end of the delivery on.
  void prolong(Duration by);
  // The trouble that a broken stream means. Nothing more is said over it.
  Trouble broken(const Error& error, std::string_view doing);
  // The trouble that smtp_delivery_time_limit makes.
  Trouble late(std::string_view doing) const;
  // A reply without a command is there already: the replies that follow cannot be trusted. Says so in the log. With
  // kernel it is also looked for where nobody has read yet, at the price of a system call: for where somebody between
  // us and the server could have put it in.
  enum class Next { command, mail, tls };
  Maybe unexpected(Next next = Next::command, net::Stream::Look look = net::Stream::Look::near);

  // Whether the connection was lost, or timed out, within TLS, and nothing speaks of an attack.
  bool lost_tls() const;

  // Says QUIT, unless the stream is broken, and does not wait.
  void leave();
  // The same, and waits for the reply.
  net::Task<void> quit();
  // Whether a connection that was kept is still there, and silent. What it said meanwhile goes to the log, but for a 421.
  bool is_quiet();

  const Setup& setup() const { return setup_; }
  const Host& host() const { return host_; }
  net::Stream& stream() { return stream_; }
  net::Loop& loop() { return stream_.loop(); }

  Features features;
  std::string queue_id;         // of the message in hand, for the log
  bool loop_detection = false;  // we may be talking to ourselves, and it matters
  bool is_best_host = false;    // no exchanger is better
  bool is_tls = false;
  bool is_verified = false;    // and the certificate is as it was asked to be
  bool may_reuse_tls = false;  // smtp_tls_connection_reuse
  bool may_go_plain = false;   // should TLS break off, another session may do without
  bool needs_reset = false;    // a transaction is open
  bool may_be_kept = true;
  bool was_last = false;  // no other host was left to try
  unsigned uses = 0;      // messages
  Instant begun;
  Deadline end = Deadline::max();  // of the delivery in hand; content moves it on

 private:
  net::Task<Maybe> read_keywords(wire::Reply answer);
  Maybe greeted_by_ourselves(const wire::Reply& answer) const;
  void drop_output();
  void note_garbage(std::string_view line) const;
  net::Task<tl::expected<std::string, Trouble>> reply_line(Deadline deadline, std::string_view doing);
  net::Task<Maybe> pass_over_line(Deadline deadline, std::string_view doing);
  Trouble senseless(std::string_view doing) const;

  const Setup& setup_;
  const Host host_;
  net::Stream stream_;
  bool is_broken_ = false;
};

}  // namespace postern::smtp
