// The part of a large message that stands in a file, changed in place: what is written never overtakes what has been
// read. The file belongs to a message that nobody has accepted yet.
#pragma once

#include <cstdint>
#include <string>

#include "lib/base/result.h"

namespace postern::cleanup {

class SpoolEditor {
 public:
  // The descriptor is open for reading and writing, and is not moved.
  explicit SpoolEditor(int file) : file_(file) {}

  // The next block; empty at the end. Fails with io.
  Result<std::string> read();
  // What is to stand in the place of what was read: append to it.
  std::string& out() { return out_; }
  // Writes what may be written by now. `changed`: the text is no longer what was read; once true, always true. Of what
  // was read `unread` bytes have not been appended yet. Fails with full or io.
  Result<void> write(bool changed, std::size_t unread);
  // Writes the rest, and cuts the file behind it.
  Result<void> finish(bool changed);
  // By how much the file has grown.
  std::int64_t growth() const { return growth_; }

 private:
  Result<void> put(std::size_t size);

  int file_;
  std::int64_t read_ = 0;     // bytes
  std::int64_t written_ = 0;  // bytes that stand as they shall
  std::int64_t growth_ = 0;
  std::string out_;
};

}  // namespace postern::cleanup
