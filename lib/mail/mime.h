// The structure of a message for who looks at its text: header fields, those of its parts and of messages in it
// (RFC 2045, 2046), and lines of bodies. It comes in pieces that, one behind the other, are the message. Takes whatever
// arrives, also what is no MIME at all: then everything behind the first header block is one body.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::mail {

struct MimeLimits {
  std::size_t field = 102400;  // header_size_limit: what is longer ends here, the rest is no piece of a field
  std::size_t line = 2048;     // line_length_limit: a longer line of a body comes in pieces
  std::size_t boundary = 2048;  // mime_boundary_length_limit: bytes of a boundary that are compared
  std::size_t nesting = 100;    // mime_nesting_limit: what lies deeper is one body
  bool structure = true;        // false: nothing behind the first header block is looked into
};

struct MimePiece {
  enum class Kind {
    primary_field,  // of the message's own header block
    mime_field,     // of a part, or one that speaks of MIME: MIME-Version, Content-…
    nested_field,   // of the header block of a message within the message
    body,           // a line, or a piece of a long one; boundaries and the empty lines behind headers too
    other,  // the end of the primary header block, a mbox line in front of it, the rest of a long field
  };
  Kind kind = Kind::other;
  std::string_view raw;   // every byte, line ends included
  std::string_view text;  // the same without the last LF: a field with its folds, a line
  std::size_t at = 0;     // body: bytes of this body before it
};

// Reads a message that is fed to it from its first header field on.
class MimeReader {
 public:
  explicit MimeReader(MimeLimits limits = {});

  // More of the message. Pieces that were returned before are no longer valid.
  void feed(std::string_view more);
  // There is no more.
  void finish() { finished_ = true; }
  // The next piece; nothing: more must be fed, or that was all.
  std::optional<MimePiece> next();
  // Bytes that were fed and are in no piece yet.
  std::size_t unread() const { return buffer_.size() - at_; }

 private:
  enum class State { start, header, long_field, body };
  struct Level {
    std::string boundary;
    bool digest = false;  // parts are messages unless they say otherwise
  };
  // What the header block that is being read says of its body.
  struct Entity {
    std::string type, subtype, boundary;
    bool encoded = false;  // base64 or the like
  };

  std::optional<MimePiece> header_piece();
  std::optional<MimePiece> body_piece();
  MimePiece body_line();
  std::optional<std::size_t> field_end(std::size_t first_end) const;
  MimePiece take(MimePiece::Kind kind, std::size_t length);
  MimePiece::Kind field_kind(std::string_view name) const;
  void note(std::string_view name, std::string_view field);
  void begin_entity(bool digest_part);
  void end_header();
  bool is_boundary(std::string_view line);
  void enter_body();

  MimeLimits limits_;
  std::string buffer_;
  std::size_t at_ = 0;
  bool finished_ = false;
  State state_ = State::start;
  MimePiece::Kind fields_ = MimePiece::Kind::primary_field;
  std::vector<Level> levels_;
  Entity entity_;
  bool in_line_ = false;  // within a body line that is longer than a piece
  std::size_t offset_ = 0;
};

// The parts of a Content-Type value: type, subtype and the parameter `boundary`, unquoted. Type and subtype are in
// lower case; what is missing is empty.
struct ContentType {
  std::string type, subtype, boundary;
};
ContentType parse_content_type(std::string_view value);

}  // namespace postern::mail
