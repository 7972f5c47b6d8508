// main.cf and master.cf as an edit would leave them: what the steps of one call change together, or not at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/difference.h"
#include "lib/config/lines.h"
#include "postconf/edited_file.h"
#include "postconf/history.h"

namespace postern::postconf {

class Draft {
 public:
  enum class Purpose { write, show };  // show: nothing is locked, and nothing can be written
  enum class Files { main, master, both };

  // Waits for other editors of these files; finishes or drops what one of them left half done. Fails as EditedFile::open,
  // and with invalid on a file whose lines cannot be told apart (Lines::parse).
  static Result<Draft> open(const std::string& directory, Files files, Purpose purpose);

  // The lines of a file that was opened.
  config::Lines& main() { return main_->lines; }
  config::Lines& master() { return master_->lines; }
  const config::Lines& master() const { return master_->lines; }
  const std::string& directory() const { return directory_; }
  std::string main_path() const { return directory_ + "/main.cf"; }
  std::string master_path() const { return directory_ + "/master.cf"; }

  // The text of a file as it would be, opened or not. Fails as read_file.
  Result<std::string> main_text() const;
  Result<std::string> master_text() const;

  // What has changed so far, one for each file that has.
  std::vector<FileEdit> edits() const;
  // The same as a unified diff of both files.
  std::string difference() const;

  // Writes what has changed and keeps it in the history; `entry` says who and why. Both files change, or none: one call
  // that dies in the middle is finished by the next. What stands in the history then, with the number 0 when it is not
  // ours to write; nothing when nothing had changed.
  Result<std::optional<Record>> commit(Record entry);

 private:
  struct Side {
    std::string name;
    std::string text;  // as it was
    config::Lines lines;
    std::optional<EditedFile> file;
  };

  static Result<Side> open_side(const std::string& directory, const std::string& name, Purpose purpose);
  Result<std::string> text_of(const std::optional<Side>& side, const std::string& path) const;
  static FileEdit edit_of(const Side& side, std::string_view now);

  std::string directory_;
  std::optional<Side> main_, master_;
};

}  // namespace postern::postconf
