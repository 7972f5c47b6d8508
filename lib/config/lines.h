// The physical lines of a configuration file, and how they form logical lines. Nothing is lost: text() gives
// back every byte. Rules of main.cf and master.cf alike: blank lines and lines whose first non-blank is '#'
// are ignored anywhere, even inside a continued entry; a line that starts with white space continues the
// entry before it.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace postern::config {

// The largest configuration file that is read.
constexpr std::size_t kLongestFile = 16u << 20;

// One logical line: its first physical line, and one past its last continuation line (both from 0), and its
// text with the line ends dropped and the indentation kept, which stands in the Lines that it is of. Comments may stand
// between the lines of an entry.
struct Logical {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string_view text;
};

// Where comments inside an entry go when the entry is rewritten.
enum class Comments { behind, in_front };

// Where a line stood that was not there when the text was parsed.
constexpr std::size_t kNewLine = static_cast<std::size_t>(-1);

// What becomes of a logical line. Comments and blank lines within it always stay, of a rewritten one where
// `comments` says; an `end` that reaches up to the next entry takes those behind the entry along.
struct Change {
  enum class Kind { rewrite, erase, comment_out };
  Kind kind;
  Logical entry;
  std::string text = {};  // of a rewritten line, without its line end
  Comments comments = Comments::behind;
};

class Lines {
 public:
  // Fails with invalid ("PATH, line N: ...") on a NUL byte or a continuation line before any entry; with
  // too_long.
  static Result<Lines> parse(std::string text, const std::string& path);

  // In the order of the file. Good until the next edit; what the texts view is good as long as these lines, or a copy.
  const std::vector<Logical>& logical() const;
  std::string text() const;
  // The physical line on which a byte of a logical line's text stands, from 0. `begin` is that of the logical
  // line; a place behind its end counts as its last line.
  std::size_t line_of(std::size_t begin, std::size_t offset) const;
  // The text of the logical line that begins there.
  std::string text_at(std::size_t begin) const;
  // How many lines are blank or comments.
  std::size_t ignored() const;

  // How many lines there are.
  std::size_t height() const { return lines_.size(); }
  // A physical line with its end of line, and where it stood (from 0) when the text was parsed, or kNewLine.
  std::string_view line(std::size_t number) const { return lines_[number].text; }
  std::size_t origin(std::size_t number) const { return lines_[number].origin; }

  // Many edits in one pass; they are in the order of the file and do not overlap.
  void apply(const std::vector<Change>& changes);

  // Single edits. Line numbers of other logical lines shift: edit from the last to the first.
  void rewrite(const Logical& entry, std::string_view with, Comments comments);
  void erase(const Logical& entry);
  // Puts '#' in front of each physical line of the entry.
  void comment_out(const Logical& entry);
  // Adds a logical line, folded or not, at the end, after repairing a missing final newline.
  void append(std::string_view line);
  // Puts other physical lines, each with its end of line, in the place of those from `begin` up to `end`. A final
  // newline that is then missing in the middle is added.
  void replace(std::size_t begin, std::size_t end, const std::vector<std::string>& with);

 private:
  enum class Kind { ignored, first, more };
  struct Line {
    std::string_view text;  // with its end of line; in texts_
    std::size_t origin = kNewLine;
  };
  static Kind kind_of(std::string_view line);
  Line new_line(std::string text);
  void change(const Change& change, std::vector<Line>& out);
  void add_lines(std::string_view text, std::string_view ending, std::vector<Line>& out);
  void end_all_but_the_last();
  std::vector<Logical> find_logical() const;

  std::vector<Line> lines_;
  mutable std::optional<std::vector<Logical>> logical_;  // once somebody has asked
  // What the lines stand in: the text that was parsed, and each line that came later. It only grows, and so copies of
  // these lines own it together.
  std::shared_ptr<std::deque<std::string>> texts_ = std::make_shared<std::deque<std::string>>();
};

// The text of a logical line as an error message shows it.
std::string shown(std::string_view text);

}  // namespace postern::config
