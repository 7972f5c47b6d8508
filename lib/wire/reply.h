// SMTP replies both ways (RFC 5321 4.2, enhanced codes RFC 2034): formatting for the server, reading for the
// client.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/mail/status.h"

namespace postern::wire {

// RFC 5321 4.5.3.1.5: a reply line has at most 512 bytes, CR LF included.
inline constexpr std::size_t kLongestReplyLine = 512;

// Adds a reply to an output buffer. The text is split at LF into lines, the enhanced code (if any) stands on
// each, and lines that are too long are folded at a blank. Bytes that do not belong into a reply (controls
// and 8-bit) become '?'.
void append_reply(std::string& out, int code, mail::Dsn dsn, std::string_view text);
void append_reply(std::string& out, const mail::Status& status);
// A reply without enhanced codes, one line an entry: the answer to EHLO.
void append_reply(std::string& out, int code, std::span<const std::string> lines);
// soft_bounce, for a reply of one line that is written already: "550 5.7.1 No" becomes "450 4.7.1 No". As
// mail::Status::softened().
void soften(std::string& reply);

// What a server answered.
struct Reply {
  int code = 0;                      // of the last line
  mail::Dsn dsn;                     // of the last line, when its class fits the code; otherwise not given()
  std::vector<std::string> lines;    // the text of each line behind the reply code, controls made '?'
  std::vector<std::uint16_t> codes;  // of each line; empty: they do not differ

  bool ok() const { return code >= 200 && code < 300; }
  bool go_ahead() const { return code >= 300 && code < 400; }
  bool temporary() const { return code >= 400 && code < 500; }
  bool permanent() const { return code >= 500 && code < 600; }

  // "250 2.0.0 Ok: queued as X", "550-5.1.1 No such 550 5.1.1 user": all lines with their codes, joined by blanks, as
  // logs and bounces show a reply.
  std::string text() const;
  // The same outcome as a status; without an enhanced code it gets class.0.0.
  mail::Status status() const;
};

// What ReplyReader holds a server to.
inline constexpr std::size_t kMostReplyLines = 128;
inline constexpr std::size_t kLongestReplyText = 2048;  // bytes kept of a line
inline constexpr std::size_t kLargestReply = 32768;     // bytes kept of a reply

// Reads one reply, line by line. As in Postfix the code of the last line counts when codes differ.
class ReplyReader {
 public:
  enum class State { more, complete };

  // Takes the next line, without its line ending. Fails with invalid when it does not begin with a code (three digits, then
  // '-', a blank or nothing), with too_long when the server exceeds the bounds. After that, or when the reply is complete,
  // the reader is ready for take(). A code that SMTP does not have makes a reply too, which is neither good nor bad: were
  // it passed over, all further replies would belong to the command before theirs.
  Result<State> add(std::string_view line);

  // The reply that is complete; the reader begins anew.
  Reply take();

 private:
  Reply reply_;
  std::size_t bytes_ = 0;
};

}  // namespace postern::wire
