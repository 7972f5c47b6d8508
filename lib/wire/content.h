// Message content on the wire and off it. The decoder turns what follows DATA or BDAT into canonical text
// with LF line endings; the encoder turns such text into what follows DATA. Both take their input in pieces
// of any size, and the result does not depend on where the pieces end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::wire {

// smtpd_forbid_bare_newline. Under every policy a bare LF ends a line and never a message: content ends only
// at CR LF '.' CR LF (RFC 5321 4.1.1.4), so that no text can hide a second message.
enum class BareNewline {
  allow,      // no
  normalize,  // yes, normalize
  note,       // accept, and say so in the log
  refuse,     // reject: 550 once the content has been received
};

enum class Framing {
  dots,    // DATA: dots are stuffed, the content ends at a line with a single dot
  counted  // BDAT (RFC 3030): dots are text and the caller counts bytes; the content ends at finish()
};

// The canonical text: CR LF and bare LF become LF, and a bare CR becomes a blank
// (cleanup_replace_stray_cr_lf). CR CR LF, which programs write that translate newlines twice, counts as CR
// LF. A dot at the start of a line goes (4.5.2), after a bare LF too, as in Postfix. NUL and bytes above 127
// stay.
class ContentDecoder {
 public:
  explicit ContentDecoder(Framing framing = Framing::dots, BareNewline policy = BareNewline::normalize)
      : framing_(framing), policy_(policy) {}

  struct Progress {
    std::size_t consumed = 0;  // bytes taken from the input: all of it unless ended
    bool ended = false;        // the final dot was among them; what follows is the next command
  };
  // Takes input and appends text to `out`: never more bytes than were taken so far in all, and at most two
  // more than this piece of input holds. Must not be called after the end.
  Progress feed(std::string_view input, std::string& out);

  // Ends counted content: a CR that still waits becomes a blank, and a last line without LF gets one, which counts as CR LF.
  void finish(std::string& out);

  // The size of the message as RFC 1870 5 counts it: bytes on the wire without stuffed dots and final dot.
  std::uint64_t size() const { return size_; }
  std::uint64_t bare_lf() const { return bare_lf_; }
  std::uint64_t bare_cr() const { return bare_cr_; }

  bool refused() const { return policy_ == BareNewline::refuse && bare_lf_ > 0; }
  bool noted() const { return policy_ == BareNewline::note && bare_lf_ > 0; }

 private:
  // Where in its line the next byte stands.
  enum class Place : std::uint8_t { start, start_after_bare_lf, after_dot, text };

  const char* plain(const char* at, const char* stop, std::string& out);
  void first_byte(const char*& at, std::string& out);
  void line_feed(std::string& out);
  void carriage_return(std::string& out);
  void stray_returns(std::string& out);

  Framing framing_;
  BareNewline policy_;
  Place place_ = Place::start;
  std::uint8_t returns_ = 0;  // CRs that wait for what follows: at most two
  bool ended_ = false;
  std::uint64_t size_ = 0;
  std::uint64_t bare_lf_ = 0;
  std::uint64_t bare_cr_ = 0;
};

// LF text for DATA: LF becomes CR LF, a dot at the start of a line is doubled. Other bytes, a CR too, stay as
// they are: what is in the queue has been made canonical.
class ContentEncoder {
 public:
  // Lines of more than `longest_line` bytes, without their ending, are broken there, and go on behind a blank
  // (smtp_line_length_limit); 0: they stay as they are.
  explicit ContentEncoder(std::size_t longest_line = 0) : longest_line_(longest_line) {}
  void feed(std::string_view input, std::string& out);
  // Ends a last line that has no LF, then adds the final dot.
  void finish(std::string& out);

 private:
  void add(const char* at, const char* stop, std::string& out);

  std::size_t longest_line_;
  std::size_t column_ = 0;  // bytes of the line so far
  bool at_line_start_ = true;
};

}  // namespace postern::wire
