// Whose rights a table is built with: root does not read or write for others what these could not.
#pragma once

#include <sys/stat.h>

#include <string>

#include "lib/base/result.h"

namespace postern::postmap {

// While it lives, root is the owner of a table's text, if that is somebody else.
class Owner {
 public:
  // `built` is the file that will be written, `source` whose rights are taken. Fails with io.
  static Result<Owner> become(const std::string& built, const struct stat& source, bool keep_root);
  ~Owner() { back(); }
  Owner(Owner&& other) noexcept : became_(other.became_), writes_as_root_(other.writes_as_root_) {
    other.became_ = false;
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  Owner& operator=(Owner&&) = delete;

  // True where only root can write, and nobody else could put something in the way.
  bool writes_as_root() const { return writes_as_root_; }
  // Root again.
  void back();

 private:
  Owner() = default;
  bool became_ = false;
  bool writes_as_root_ = false;
};

}  // namespace postern::postmap
