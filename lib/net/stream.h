// A connection as a stream of bytes: read by lines or in blocks, written with buffering. What was put is sent
// before the stream would wait for input, so that the replies to pipelined commands leave in one write.
//
// Every operation takes an absolute deadline for the whole of it: a peer that sends a byte now and then gains
// nothing. One operation at a time.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/net/readiness.h"
#include "lib/net/task.h"
#include "lib/net/tls_guard.h"

namespace postern::net {

class TlsClient;
class TlsConnection;
class TlsServer;
class TlsThreads;
struct TlsClientPeer;
struct TlsFacts;

struct Line {
  std::string_view text;  // without its ending; valid until the next operation on the stream
  bool crlf = true;       // false: a bare LF ended it
};

class Stream {
 public:
  // Takes a connected, non-blocking socket.
  Stream(Loop& loop, Fd fd);
  // Over TLS, says goodbye, without waiting.
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // The next line of at most `limit` bytes without its ending. Fails with timeout; lost (the peer closed,
  // also in mid-line); too_long (nothing of the line was taken); invalid (a TLS handshake begins where a line of plain text
  // should: it is left there); io. Over TLS, denied and invalid as well: see tls_breach().
  Task<Result<Line>> read_line(std::size_t limit, Deadline deadline);

  // Drops input up to and with the next LF: the rest of a line that was too long. Fails as read_some().
  Task<Result<void>> skip_line(Deadline deadline);

  // Bytes that are there, at least one; of what was not received before at most about `most`, and some more that are then
  // there for the next line. The view is valid until the next operation on any stream of the loop. Fails with timeout,
  // lost, io.
  Task<Result<std::string_view>> read_some(Deadline deadline,
                                           std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

  // Gives back the end of what read_some() returned, to be read next.
  void unread(std::string_view rest);

  // Input that was received and not yet read: what a client pipelined.
  std::string_view buffered() const { return std::string_view(in_).substr(at_); }
  // Whether input is there that nobody has read, without waiting for it: true also when it came while we did something else.
  // near: as far as is known without a system call; kernel: what the kernel holds too. Over TLS what OpenSSL holds counts.
  // Fails with lost when the peer has ended the stream and nothing is left to read.
  enum class Look { near, kernel };
  Result<bool> has_input(Look look);
  // Forgets buffered input; returns how many bytes it was.
  std::size_t discard_input();

  // Adds to what is to be sent.
  void put(std::string_view text);
  std::size_t pending_output() const { return out_.size() - sent_; }
  // Sends all that was put. Fails with timeout, lost, io.
  Task<Result<void>> flush(Deadline deadline);
  // put() and flush().
  Task<Result<void>> write(std::string_view text, Deadline deadline);
  // Sends what the kernel takes without waiting; for last words before the stream is closed.
  void flush_now();
  // Tells the peer that nothing more comes, now, although somebody else may hold the socket too. Over TLS the end of the
  // stream does.
  void end_output();
  // Whether the peer has still not taken something that was put.
  bool has_unheard() const;
  // For a peer that takes nothing: closing the stream resets the connection, and the kernel keeps nothing of what was to be
  // sent, for which it would wait long after us.
  void give_up_output();

  // From here on each wait for the peer lasts no longer than this, beside the deadline of the operation that it belongs to.
  void limit_each_wait(Duration limit) { each_wait_ = limit; }
  // The operation under way ends at `limit`, if its own deadline is later. The next one has its own again.
  void hurry(Deadline limit);

  // Sends what was put and does a client's TLS handshake; from then on the stream reads and writes through TLS. The
  // context outlives the stream. Fails with invalid (input was there before the handshake, which somebody on the way
  // may have put in; what was asked for; a breach of the protocol), denied (peer.must_match), timeout, lost, io. After
  // a failure the stream is fit only to be closed.
  Task<Result<TlsFacts>> start_tls(const TlsClient& context, TlsClientPeer peer, Deadline deadline);
  // The same as a server. Input that was there before is thrown away: whoever is in the middle of the connection may have
  // put it there (CVE-2011-0411). To see it, ask buffered() first. Fails with invalid, timeout, lost, io.
  Task<Result<TlsFacts>> accept_tls(const TlsServer& context, Deadline deadline);
  bool is_encrypted() const { return tls_ != nullptr; }
  // Why an operation failed with denied, or where plain text came in place of a handshake (that fails with invalid); its
  // Error's text says what the peer does. none: something else, or nothing, was wrong.
  TlsBreach tls_breach() const;
  std::string tls_breach_text() const;

  int fd() const { return fd_.get(); }
  Loop& loop() { return loop_; }

 private:
  Task<Result<void>> fill(Deadline deadline);
  Task<Result<std::string_view>> receive(std::size_t most, Deadline deadline);
  Task<Result<void>> send_all(Deadline deadline);
  ssize_t transmit();
  Result<std::size_t> receive_now();
  Task<Result<std::string_view>> receive_tls(std::size_t most, Deadline deadline);
  Task<Result<void>> next_record(Deadline deadline);
  bool meets_tls() const;
  Task<Result<void>> shake_hands(Deadline deadline);
  Task<Result<void>> shake_hands_as_server(TlsThreads* threads, Deadline deadline);
  ssize_t send_tls();
  Task<Result<void>> take_turns(Deadline deadline);
  Deadline soonest(Deadline deadline) const { return deadline < hurried_ ? deadline : hurried_; }
  Deadline end_of_wait(Deadline deadline) const;
  Readiness::Wait input(Deadline deadline);
  void came(std::string_view got);

  Loop& loop_;
  Fd fd_;
  std::string in_;
  std::size_t at_ = 0;
  std::string out_;
  std::size_t sent_ = 0;
  Deadline hurried_ = Deadline::max();  // of the operation under way
  Duration each_wait_ = Duration::max();
  Instant crawls_since_ = Instant::max();  // what was received since then is next to nothing
  unsigned full_reads_ = 0;                // that followed each other without a wait
  Readiness readiness_;
  std::shared_ptr<TlsConnection>
      tls_;  // null: in plain text. A thread may have it too, for a step of the handshake
};

}  // namespace postern::net
