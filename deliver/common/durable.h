// Waits until files, or the names in directories, are on the disk: one by one, or where that is cheaper the whole
// file system at once.
#pragma once

#include <sys/types.h>

#include <vector>

#include "lib/base/time.h"

namespace postern::deliver {

struct Written {
  int fd = -1;
  dev_t device = 0;  // st_dev
  int problem = 0;   // errno of sync(), 0: it is durable
};

// Each fsync of a batch costs a flush of the disk's cache, although the first one's journal commit held what the
// others wait for. syncfs(2) pays once, but waits for what everybody else has written to that file system as well.
// So both are timed, and the one that was cheaper lately for so many files is used. One thread at a time.
class Durable {
 public:
  Durable();
  // Files and directories, open in any mode, that this thread has changed.
  void sync(std::vector<Written>& written);

 private:
  bool together_is_cheaper(std::size_t count) const;
  void sync_together(std::vector<Written>& written);
  static void sync_each(std::vector<Written>& written);

  const bool syncfs_reports_;              // errors of writing back, as kernels since 5.8 do
  Duration each_ = microseconds(500);      // one fsync
  Duration together_ = microseconds(500);  // one syncfs
};

}  // namespace postern::deliver
