// The header block of a message: a walk over its fields, without copies. Lines end in LF; fields may be
// folded. Takes whatever arrives: an mbox "From " line in front, blanks before the colon, NUL bytes, no empty
// line before the body.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::mail {

struct HeaderField {
  std::string_view name;   // "Subject", without blanks and colon
  std::string_view value;  // behind the colon and its blanks, folding included, without the last LF
  std::string_view raw;    // all lines of the field, with the last LF if there is one
  std::size_t at = 0;      // where raw begins in the message
  bool oversized = false;  // raw is longer than header_size_limit

  bool is(std::string_view field_name) const;  // in any case
  std::string unfolded() const;                // the value on one line
};

struct HeaderLimits {
  std::size_t field = 102400;    // header_size_limit: bytes of one field; a longer one is marked, not cut
  std::size_t block = 8u << 20;  // bytes of all fields: the walk stops there
};

// How a header block ended.
enum class HeaderEnd {
  blank_line,  // as it should
  body_line,   // at a line that is no header field: the body began without an empty line
  no_body,     // with the message
  too_large,   // at the limit for the block
};

// Walks a header block from its first field. The message must outlive the walk and its fields. A mbox "From "
// line (or
// ">From ") in front is passed over.
class HeaderWalk {
 public:
  explicit HeaderWalk(std::string_view message, HeaderLimits limits = {});

  // The next field; nothing at the end of the block.
  std::optional<HeaderField> next();

  // After the last field: why it ended, where the header block ends (the empty line is not part of it), and
  // where the body begins.
  HeaderEnd end() const { return end_; }
  std::size_t header_size() const { return at_; }
  std::size_t body() const { return end_ == HeaderEnd::blank_line ? at_ + 1 : at_; }

 private:
  std::optional<HeaderField> finish(HeaderEnd end);

  std::string_view message_;
  HeaderLimits limits_;
  std::size_t at_ = 0;
  bool done_ = false;
  HeaderEnd end_ = HeaderEnd::no_body;
};

// The name of the field that a line begins, "" when it begins none: printable ASCII without colon, then
// blanks (obsolete, RFC 5322 4.5) and a colon.
std::string_view field_name(std::string_view line);

// What has to be known of a header block before fields are added to it.
struct HeaderFacts {
  bool date = false, from = false, sender = false, message_id = false;
  bool to = false, cc = false, bcc = false;
  bool resent = false;  // some Resent- field; the next four speak of these
  bool resent_date = false, resent_from = false, resent_message_id = false;
  bool resent_recipients = false;  // Resent-To, -Cc or -Bcc
  bool mime = false;               // MIME-Version
  std::size_t received = 0;        // Received fields: the hop count
  std::size_t fields = 0;
  std::string message_id_value;  // unfolded, of the first Message-Id
  std::string resent_message_id_value;
  std::size_t header_size = 0, body = 0;
  HeaderEnd end = HeaderEnd::no_body;

  bool recipients() const { return to || cc || bcc; }
};
HeaderFacts header_facts(std::string_view message, HeaderLimits limits = {});

// The first field of that name.
std::optional<HeaderField> find_field(std::string_view message, std::string_view name,
                                      HeaderLimits limits = {});

}  // namespace postern::mail
