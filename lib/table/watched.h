// Files that tables were read from: have they changed since? Looked at through open descriptors, so it works in a
// jail that cannot name them any more. A file that was written to has new times; one that was replaced has lost its
// name, which shows too; so does a symbolic link on the way to it that was replaced.
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "lib/base/fd.h"

namespace postern::table {

class WatchedFiles {
 public:
  // A file whose content was read when it was as `status` says.
  void add(const std::string& path, Fd fd, const struct stat& status);
  // A file whose content may change in place without harm (its readers see that): only its replacement counts. The
  // descriptor is duplicated.
  void add_in_use(const std::string& path, int fd);
  // A table that could not be opened: nobody can say when it can be.
  void add_broken() { ++broken_; }

  bool empty() const { return files_.empty() && broken_ == 0; }
  // Tables that could not be opened.
  std::size_t broken() const { return broken_; }
  // The path of a file that has changed, or nullptr. One fstat(2) a file.
  const std::string* changed() const;

  static bool same(const struct stat& a, const struct stat& b);

 private:
  struct File {
    std::string path;
    Fd fd;
    struct stat status {};
    bool content = true;
  };
  void add_links(const std::string& path);
  std::vector<File> files_;
  std::size_t broken_ = 0;
};

}  // namespace postern::table
