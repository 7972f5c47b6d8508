// Mail that was submitted on this host: the files in maildrop/, and the stream in which sendmail hands a letter to
// postdrop. docs/formats/maildrop.md describes both. A file is whole when the sizes in its first line are those that it
// has: they are written last.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace postern::queue {

struct DroppedRecipient {
  std::string address;
  std::string notify;  // NOTIFY=, as given; empty: not given
  std::string orcpt;
  bool operator==(const DroppedRecipient&) const = default;
};

// The envelope, and what is known of the person.
struct Dropped {
  std::int64_t arrived = 0;  // wall microseconds
  std::int64_t uid = -1;
  std::string login;
  std::string full_name;  // for a From: field that is missing
  std::string sender;     // empty: the null sender
  std::vector<DroppedRecipient> recipients;
  std::string envid, ret, body_type;
  bool smtputf8 = false;
  int purpose = 0;  // ipc::Purpose
  bool operator==(const Dropped&) const = default;
};

inline constexpr std::size_t kMostDroppedRecipients = 100'000;
inline constexpr std::size_t kLongestEnvelope = 32u << 20;
inline constexpr std::size_t kLongestDroppedText = 8192;  // of one value

// `name=value` lines, each with its LF.
std::string format_dropped(const Dropped& dropped);
// Back again. Fails with invalid (a line that is none, an unknown name, a value that cannot be) or too_long, and says
// which line.
Result<Dropped> parse_dropped(std::string_view lines);

// The first line of a file: "postern-maildrop 1 ENVELOPE CONTENT" and LF, two sizes in bytes.
inline constexpr std::size_t kFirstLine = 53;
struct FileSizes {
  std::int64_t envelope = 0;
  std::int64_t content = 0;
};
std::string format_first_line(FileSizes sizes);
// Fails with invalid.
Result<FileSizes> parse_first_line(std::string_view line);

// The stream to postdrop: "postern-submission 1 ENVELOPE" and LF, the envelope, and the content in pieces: the size of
// each and LF, then its bytes; the piece of size 0 ends it.
std::string format_stream_head(std::string_view envelope);
void append_piece(std::string& out, std::string_view bytes);

// Reads such a stream as it comes.
class StreamReader {
 public:
  // Takes bytes; content is appended to `content`. Fails with invalid or too_long. Nothing may come behind the end.
  Result<void> feed(std::string_view bytes, std::string& content);
  // The envelope has come.
  bool has_envelope() const { return state_ > State::envelope; }
  const std::string& envelope() const { return envelope_; }
  bool ended() const { return state_ == State::ended; }

 private:
  enum class State { head, envelope, size, bytes, ended };
  Result<void> line(std::string_view text);
  State state_ = State::head;
  std::string line_;
  std::string envelope_;
  std::size_t left_ = 0;  // of the envelope or of a piece
};

// The names that files have: of one that is being written, that waits, and that pickup has taken under a queue id (in
// hex): under that name and no other it may be in the queue already.
inline constexpr char kBeingWritten = 't', kWaiting = 'm', kTaken = 'q';

}  // namespace postern::queue
