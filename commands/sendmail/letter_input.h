// A letter as it comes on standard input, made into what the queue holds: lines end in LF, a mbox "From " line in front
// is gone, and a line with a single dot ends it unless told otherwise.
#pragma once

#include <string>
#include <string_view>

namespace postern::sendmail {

// sendmail_fix_line_endings. strict: as the first line ends, CR LF or LF.
enum class LineEnds { always, strict, never };

class LetterInput {
 public:
  LetterInput(LineEnds ends, bool dot_ends) : ends_(ends), dot_ends_(dot_ends) {}

  // Takes bytes and appends text, the result of which does not depend on where the pieces end. What comes behind the
  // final dot is dropped.
  void feed(std::string_view bytes, std::string& out);
  // There is no more: the last line gets its LF.
  void finish(std::string& out);
  bool ended() const { return ended_; }

 private:
  void end_line(std::string& out);
  void flush(std::string& out);

  LineEnds ends_;
  bool dot_ends_;
  bool ended_ = false;
  bool cut_ = false;         // the beginning of this line has gone out
  bool first_line_ = true;   // no line has ended so far
  bool strip_ = true;        // CR before LF
  bool in_front_ = true;     // only "From " lines so far
  std::string line_;
};

}  // namespace postern::sendmail
