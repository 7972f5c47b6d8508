// A configuration file that is being edited: locked against other editors, and replaced at once or not at
// all.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/config/lines.h"

namespace postern::postconf {

class EditedFile {
 public:
  // Waits for other editors, then reads the file; a symbolic link is followed, so that it stays one. The lock
  // is on FILE.tmp in the same directory, which Postfix's postconf locks as well, and which becomes the new
  // file. Fails with "open PATH for reading: ...", or as creating a file there does.
  static Result<EditedFile> open(const std::string& path, std::size_t longest = config::kLongestFile);

  EditedFile(EditedFile&&) = default;
  EditedFile& operator=(EditedFile&&) = delete;
  // Removes FILE.tmp, unless it has become the file.
  ~EditedFile();

  const std::string& text() const { return text_; }
  // Whether FILE.tmp had something in it: an editor died before it could make it the file.
  bool was_interrupted() const { return interrupted_; }

  enum class Durable { yes, no };
  // Puts the new text on disk beside the file, with its mode, owner and extended attributes (access control lists).
  Result<void> prepare(std::string_view text, Durable durable = Durable::yes);
  // Makes what was prepared the file: a reader sees the old file or the new one, and so does who comes after a crash.
  Result<void> publish();

 private:
  EditedFile() = default;
  Result<void> lock();
  Result<void> read(std::size_t longest);
  Result<void> keep_attributes();

  std::string path_, temporary_;
  std::string text_;
  Fd original_, fd_;
  struct stat attributes_ {};
  bool interrupted_ = false;
};

}  // namespace postern::postconf
