// Who holds leases (lib/queue): a process that waits for its agents after its successor has taken over the queue. It is
// known by a file that it keeps locked (flock) as long as it lives.
#pragma once

#include <cstdint>
#include <string>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace postern::qmgr {

class Holder {
 public:
  // Makes this process a holder, with a file in `directory`.
  static Result<Holder> become(const std::string& directory);
  Holder(Holder&&) = default;
  Holder& operator=(Holder&&) = default;
  // All is reported: the file goes.
  void resign();
  std::int64_t number() const { return number_; }

  // False when nobody holds anything under this number any more; what is left of the file is removed.
  static bool lives(const std::string& directory, std::int64_t number);

 private:
  Holder(std::string path, Fd file, std::int64_t number)
      : path_(std::move(path)), file_(std::move(file)), number_(number) {}
  std::string path_;
  Fd file_;
  std::int64_t number_;
};

}  // namespace postern::qmgr
