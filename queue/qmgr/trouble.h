// A disk that cannot be written is said in the log once, not for every message, and so is its recovery.
#pragma once

#include "lib/base/log.h"
#include "lib/base/result.h"

namespace postern::qmgr {

class Trouble {
 public:
  // The outcome of an attempt to write. That something exists already is not the disk's fault.
  template <class T>
  void note(const Result<T>& result) {
    if (!result && result.error().kind == Errc::exists) return;
    if (!result && !is_known_) log_warning(result.error().text);
    if (result && is_known_) log_info("the queue can be written again");
    is_known_ = !result;
  }

 private:
  bool is_known_ = false;
};

}  // namespace postern::qmgr
